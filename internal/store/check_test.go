package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// good is a record with every field.
func good() *store.Record {
	d := digest.Of([]byte("content"))
	lines := append(digest.NewKeyLines("train/x", 3),
		digest.KeyLine{Part: digest.PartParameter, Name: "epochs", Value: "200"},
		digest.KeyLine{Part: digest.PartSeed, Value: "42"},
		digest.KeyLine{Part: digest.PartInput, Name: "data", Value: d.String()},
		digest.KeyLine{Part: digest.PartGather, Name: "utility", Value: "2"},
		digest.KeyLine{Part: digest.PartInput, Name: "utility[fold=0]", Value: d.String()},
		digest.KeyLine{Part: digest.PartInput, Name: "utility[fold=1]", Value: d.String()})
	r := &store.Record{
		Format: store.RecordFormat, KeyText: lines.Text(), Kind: "train/x", Version: 3, Seed: 42,
		Outputs: []digest.File{{Name: "best", Digest: d, Size: 7}, {Name: "sub/curves", Digest: d, Size: 7}},
		Log:     &digest.File{Name: "log", Digest: d, Size: 7},
		Inputs: []store.Input{
			{Name: "data", Cell: "core", Digest: d}, {Name: "utility", Cell: "u[fold=0]", Digest: d}, {Name: "utility", Cell: "u[fold=1]", Digest: d},
		},
		Cell: "model[fold=0]", Params: "{epochs: 200}", Started: time.Unix(1, 5).UTC(), WallSeconds: 1.5, CPUSeconds: 1, PeakMemory: 1 << 30,
		Timings: []store.Timing{{Name: "epoch", Seconds: 0.1}}, Host: "node1", Foil: "v1", Go: "go1.26",
	}
	r.Key = r.KeyText.Key()
	return r
}

// encode writes a record as it is.
func encode(t testing.TB, r *store.Record) []byte {
	t.Helper()
	text, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// reseal gives a changed text the checksum of its lines.
func reseal(text string) []byte {
	body := text[:strings.LastIndexByte(strings.TrimSuffix(text, "\n"), '\n')+1]
	return fmt.Appendf(nil, "%s%s%x\"}\n", body, store.SumPrefix, sha256.Sum256([]byte(body)))
}

func TestImpossibleRecordIsRefused(t *testing.T) {
	other := digest.Of([]byte("other"))
	for name, test := range map[string]struct {
		change func(*store.Record)
		want   string
	}{
		"nothing changed": {func(*store.Record) {}, ""},
		"no seed in the key": {func(r *store.Record) {
			r.KeyText = digest.KeyText(strings.Replace(string(r.KeyText), "seed 42\n", "", 1))
		}, ""},
		"no log":                    {func(r *store.Record) { r.Log = nil }, ""},
		"format 0":                  {func(r *store.Record) { r.Format = 0 }, "unknown format"},
		"a name that leads out":     {func(r *store.Record) { r.Outputs[0].Name = "../../outside" }, "not a plain path"},
		"an absolute name":          {func(r *store.Record) { r.Outputs[0].Name = "/etc/passwd" }, "not a plain path"},
		"a drive":                   {func(r *store.Record) { r.Outputs[0].Name = "C:evil" }, "Windows"},
		"a device":                  {func(r *store.Record) { r.Outputs[0].Name = "aux.h5" }, "device"},
		"a name with an escape":     {func(r *store.Record) { r.Outputs[0].Name = "\x1b[2J" }, "control character"},
		"a name with a null":        {func(r *store.Record) { r.Outputs[0].Name = "a\x00" }, "control character"},
		"a long name":               {func(r *store.Record) { r.Outputs[0].Name = strings.Repeat("a", 5000) }, "5000 bytes"},
		"an empty name":             {func(r *store.Record) { r.Outputs[0].Name = "" }, "is empty"},
		"one name twice":            {func(r *store.Record) { r.Outputs[1].Name = "best" }, "equal"},
		"names that differ by case": {func(r *store.Record) { r.Outputs[0].Name, r.Outputs[1].Name = "BEST", "best" }, "ignore case"},
		"a file that is a folder":   {func(r *store.Record) { r.Outputs[0].Name = "sub" }, "the folder of"},
		"unsorted":                  {func(r *store.Record) { r.Outputs[0].Name = "z" }, "not sorted"},
		"no outputs":                {func(r *store.Record) { r.Outputs = nil }, "no output"},
		"a negative size":           {func(r *store.Record) { r.Outputs[0].Size = -1 }, "impossible size"},
		"sizes beyond all sums":     {func(r *store.Record) { r.Outputs[0].Size, r.Outputs[1].Size = math.MaxInt64/4, math.MaxInt64 }, "impossible size"},
		"another log":               {func(r *store.Record) { r.Log.Name = "../../log" }, "impossible log"},
		"an empty log":              {func(r *store.Record) { r.Log.Size = 0 }, "impossible log"},
		"another kind":              {func(r *store.Record) { r.Kind = "train/y" }, "its key that of"},
		"another version":           {func(r *store.Record) { r.Version = 4 }, "its key that of"},
		"another seed":              {func(r *store.Record) { r.Seed = 43 }, "has the seed 43"},
		"no inputs":                 {func(r *store.Record) { r.Inputs = nil }, "lists 0 inputs, and its key 3"},
		"an input more":             {func(r *store.Record) { r.Inputs = append(r.Inputs, r.Inputs[2]) }, "lists 4 inputs, and its key 3"},
		"another input":             {func(r *store.Record) { r.Inputs[1].Digest = other }, "lists the input"},
		"another name of an input":  {func(r *store.Record) { r.Inputs[2].Name = "privacy" }, "lists the input"},
		"a text that is no key":     {func(r *store.Record) { r.KeyText = "hello" }, "key text"},
		"a negative time":           {func(r *store.Record) { r.WallSeconds = -1 }, "impossible duration"},
		"a time beyond all clocks":  {func(r *store.Record) { r.CPUSeconds = 1e300 }, "impossible duration"},
		"a timing below zero":       {func(r *store.Record) { r.Timings[0].Seconds = -0.5 }, "impossible duration"},
		"negative memory":           {func(r *store.Record) { r.PeakMemory = -1 }, "impossible memory"},
		"a cell with an escape":     {func(r *store.Record) { r.Cell = "\x1b]0;title\x07" }, "control character"},
		"a host with an escape":     {func(r *store.Record) { r.Host = "\x1b[31m" }, "control character"},
		"parameters of two lines":   {func(r *store.Record) { r.Params = "a\nb" }, "control character"},
		"an input with an escape":   {func(r *store.Record) { r.Inputs[0].Cell = "\u009b2J" }, "control character"},
		"a timing with an escape":   {func(r *store.Record) { r.Timings[0].Name = "\r" }, "control character"},
		"a program that turns text": {func(r *store.Record) { r.Foil = "v\u202e1" }, "control character"},
	} {
		t.Run(name, func(t *testing.T) {
			r := good()
			test.change(r)
			r.Key = r.KeyText.Key()
			text := encode(t, r)
			for what, decode := range map[string]func(string, []byte, digest.Key) (*store.Record, error){
				"read": store.DecodeRecord, "examined": store.ExamineRecord,
			} {
				read, err := decode("record", text, r.Key)
				if test.want == "" && (err != nil || !bytes.Equal(encode(t, read), text)) {
					t.Errorf("%s: %v", what, err)
				}
				if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("%s: got %v, want %q", what, err, test.want)
				}
			}
			if err := r.Check(); (err == nil) != (test.want == "") {
				t.Errorf("before it is written: %v", err)
			}
		})
	}
}

// An examined text is one that foil writes; a lookup only needs its content.
func TestTextInAnotherFormIsNotImported(t *testing.T) {
	r := good()
	text := string(encode(t, r))
	replace := func(old, new string) []byte {
		if !strings.Contains(text, old) {
			t.Fatalf("no %s", old)
		}
		return reseal(strings.Replace(text, old, new, 1))
	}
	for name, changed := range map[string][]byte{
		"an unknown field":           replace(` "kind"`, " \"colour\": \"red\",\n \"kind\""),
		"a field twice":              replace(` "seed": 42,`, " \"seed\": 7,\n \"seed\": 42,"),
		"a field in another case":    replace(` "seed": 42,`, " \"SEED\": 42,"),
		"another order":              replace(" \"version\": 3,\n \"seed\": 42,", " \"seed\": 42,\n \"version\": 3,"),
		"another indent":             replace(` "seed"`, `  "seed"`),
		"an escaped letter":          replace(`"node1"`, `"n\u006fde1"`),
		"a number with an exponent":  replace(`"seed": 42`, `"seed": 42 `),
		"a float in another form":    replace(`"wall_seconds": 1.5`, `"wall_seconds": 1.50`),
		"a null":                     replace(` "foil": "v1",`, " \"foil\": \"v1\",\n \"remarks\": null,"),
		"an empty field":             replace(`"cpu_seconds": 1,`, `"cpu_seconds": 0,`),
		"a time in another form":     replace(`1970-01-01T00:00:01.000000005Z`, `1970-01-01T00:00:01.0000000050Z`),
		"a second value behind":      reseal(text + "{}\n"),
		"upper-case digits":          replace(r.Outputs[0].Digest.String(), strings.ToUpper(r.Outputs[0].Digest.String())),
		"a size that is no int64":    replace(`"size": 7`, `"size": 9223372036854775808`),
		"a size with a fraction":     replace(`"size": 7`, `"size": 7.5`),
		"a number that is none":      replace(`"wall_seconds": 1.5`, `"wall_seconds": NaN`),
		"a duration beyond floats":   replace(`"wall_seconds": 1.5`, `"wall_seconds": 1e999`),
		"a year of five digits":      replace(`1970-01-01`, `10000-01-01`),
		"outputs that are no list":   replace(`"outputs": [`, `"outputs": {`),
		"a text that is not unicode": replace(`"node1"`, "\"node\xff\""),
		"a checksum of another text": []byte(strings.Replace(text, "node1", "node2", 1)),
	} {
		if _, err := store.ExamineRecord("record", changed, r.Key); err == nil || errors.As(err, new(*store.NewerFormatError)) {
			t.Errorf("%s: got %v", name, err)
		}
		if read, err := store.DecodeRecord("record", changed, r.Key); err == nil {
			if err := read.Check(); err != nil {
				t.Errorf("%s: read, but %v", name, err)
			}
		}
	}
}

func TestRecordThatIsTooLargeIsNeitherWrittenNorRead(t *testing.T) {
	r := good()
	r.Params = strings.Repeat("x", store.MaxRecord)
	if _, err := r.Encode(); err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
		t.Errorf("written: %v", err)
	}
	if _, err := store.DecodeRecord("record", make([]byte, store.MaxRecord+1), r.Key); err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
		t.Errorf("read: %v", err)
	}
}

// FuzzDecodeRecord reads every text with the right checksum, and under the key of its own key text,
// because random texts have neither.
func FuzzDecodeRecord(f *testing.F) {
	f.Add(encode(f, good()))
	f.Add([]byte("{}\n"))
	f.Add([]byte("{\n \"format\": 2,\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		text = reseal(string(text) + "\n")
		for _, key := range []digest.Key{good().Key, keyIn(text)} {
			r, err := store.DecodeRecord("record", text, key)
			if (r == nil) == (err == nil) {
				t.Fatalf("record %v, error %v", r, err)
			}
			if r == nil {
				continue
			}
			again := encode(t, r)
			same, err := store.ExamineRecord("record", again, key)
			if err != nil || !bytes.Equal(encode(t, same), again) {
				t.Errorf("%+v is read back as %+v, %v", r, same, err)
			}
		}
	})
}

// keyIn is the key of the key text in a record.
func keyIn(text []byte) digest.Key {
	var record struct {
		Key string `json:"key_text"`
	}
	_ = json.Unmarshal(text, &record)
	return digest.KeyOf(record.Key)
}
