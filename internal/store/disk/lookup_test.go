package disk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"foil/internal/store"
)

// With any bit flipped or any part cut off, a record is either intact or a miss.
func TestDamagedRecordIsAMiss(t *testing.T) {
	c := openTemp(t)
	r := publish(t, c, "work", "out", "content")
	path := c.recordPath(r.Key)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		if r, reason := lookup(t, c, "work"); r != nil || !strings.HasPrefix(reason, "its record ") {
			t.Fatalf("%s: record %v, reason %q", what, r, reason)
		}
	}
	for i := range whole {
		flipped := bytes.Clone(whole)
		flipped[i] ^= 1
		try(fmt.Sprintf("byte %d flipped", i), flipped)
		try(fmt.Sprintf("cut at %d", i), whole[:i])
	}
	try("another key's", func() []byte {
		other := publish(t, c, "other", "out", "content")
		text, _ := other.Encode()
		return text
	}())
	publish(t, c, "work", "out", "content")
	if r, reason := lookup(t, c, "work"); r == nil {
		t.Errorf("not healed: %s", reason)
	}
}

func TestNewerRecordIsRefusedWhateverIsInIt(t *testing.T) {
	c := openTemp(t)
	r := publish(t, c, "work", "out", "content")
	r.Format = store.RecordFormat + 1
	text, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"fields as they are": text,
		"another layout":     resealed([]byte("{\n \"outputs\": {\"a\": 1},\n \"key\": 7,\n \"format\": 2,\n" + store.SumPrefix + "\"}\n")),
	} {
		os.WriteFile(c.recordPath(r.Key), text, 0o666)
		_, _, err = c.Lookup(t.Context(), r.Key)
		var newer *store.NewerFormatError
		if !errors.As(err, &newer) || newer.Format != store.RecordFormat+1 || !strings.Contains(err.Error(), "newer foil") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzDecodeRecord also tries every text with the right checksum, because random texts never have
// one.
func FuzzDecodeRecord(f *testing.F) {
	r := &store.Record{
		Format: 1, Key: keyOf("work"), KeyText: textOf("work"), Outputs: []File{{Name: "out"}}, Log: &File{Name: "log"},
		Inputs: []store.Input{{Name: "in"}}, Timings: []store.Timing{{Name: "epoch", Seconds: 0.5}}, Started: time.Unix(1, 0).UTC(),
	}
	text, err := r.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("{}\n"))
	f.Add([]byte("{\n \"format\": 2,\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, text := range [][]byte{text, resealed(text)} {
			r, err := store.DecodeRecord("record", text, keyOf("work"))
			if (r == nil) == (err == nil) {
				t.Fatalf("record %v, error %v", r, err)
			}
			if r == nil {
				continue
			}
			again, err := r.Encode()
			if err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
			if same, err := store.DecodeRecord("record", again, r.Key); err != nil || !reflect.DeepEqual(r, same) {
				t.Errorf("%+v is read back as %+v, %v", r, same, err)
			}
		}
	})
}

// resealed puts the right last line in place of a text's own.
func resealed(text []byte) []byte {
	body := text[:bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n')+1]
	return fmt.Appendf(nil, "%s%s%x\"}\n", body, store.SumPrefix, sha256.Sum256(body))
}
