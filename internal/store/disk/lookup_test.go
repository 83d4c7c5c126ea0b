package disk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foil/internal/digest"
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

// resealed puts the right last line in place of a text's own.
func resealed(text []byte) []byte {
	body := text[:bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n')+1]
	return fmt.Appendf(nil, "%s%s%x\"}\n", body, store.SumPrefix, sha256.Sum256(body))
}

// BenchmarkLookup looks up 100 records with three inputs and three outputs.
func BenchmarkLookup(b *testing.B) {
	c := openTemp(b)
	var keys []digest.Key
	for i := range 100 {
		lines := digest.NewKeyLines("test/kind", 1)
		for p := range 12 {
			lines = append(lines, digest.KeyLine{Part: digest.PartParameter, Name: fmt.Sprintf("adversaries[%d].attribute", p), Value: fmt.Sprint(i)})
		}
		r := &store.Record{Kind: "test/kind", Version: 1, Cell: "model[age=200,fold=0]", Started: time.Unix(1, 0).UTC()}
		for _, name := range []string{"data", "latents", "model"} {
			d := digest.Of([]byte(name))
			lines = append(lines, digest.KeyLine{Part: digest.PartInput, Name: name, Value: d.String()})
			r.Inputs = append(r.Inputs, store.Input{Name: name, Cell: "core", Digest: d})
		}
		r.KeyText = lines.Text()
		l, err := c.acquire(r.KeyText.Key())
		if err != nil {
			b.Fatal(err)
		}
		w, err := l.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for _, name := range []string{"best.safetensors", "curves.arrow", "training.json"} {
			err = errors.Join(err, os.WriteFile(filepath.Join(w.Out, name), []byte(name), 0o666))
		}
		if err := errors.Join(err, l.Publish(b.Context(), w, r)); err != nil {
			b.Fatal(err)
		}
		l.Release()
		keys = append(keys, r.Key)
	}
	for b.Loop() {
		for _, key := range keys {
			if r, miss, err := c.Lookup(b.Context(), key); r == nil || err != nil {
				b.Fatal(miss, err)
			}
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N*len(keys)), "µs/lookup")
}
