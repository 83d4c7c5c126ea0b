package remote

import (
	"bytes"
	"testing"

	"foil/internal/digest"
)

func FuzzEntry(f *testing.F) {
	r := recordOf("work", digest.File{Name: "out", Digest: digest.Of([]byte("content")), Size: 7})
	text, err := r.Encode()
	if err != nil {
		f.Fatal(err)
	}
	key, err := parseSigner(newKey(f))
	if err != nil {
		f.Fatal(err)
	}
	e := entryOf(r, text, []signature{(&Signer{key}).sign(text)})
	f.Add(e.encode())
	f.Add((&entry{files: r.Outputs}).encode())
	f.Add([]byte{fieldStdout<<3 | 2, 0x80})
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := decodeEntry(text)
		if err != nil {
			return
		}
		again, err := decodeEntry(e.encode())
		if err != nil {
			t.Fatalf("what was decoded cannot be decoded again: %v", err)
		}
		if !bytes.Equal(again.record, e.record) || len(again.files) != len(e.files) || len(again.signatures) != len(e.signatures) {
			t.Error("it has changed")
		}
		if got, err := e.examine(r.Key); err == nil && got.Key != r.Key {
			t.Error("the record of another key")
		}
	})
}

func FuzzPlan(f *testing.F) {
	p := NewPlan()
	for _, work := range []string{"one", "two", "three"} {
		p.add(recordOf(work).Key, []byte(work))
	}
	packed, err := p.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	for _, text := range []string{"", planStart, planStart + "x", "foil plan 2\n"} {
		packed, _ := packedText([]byte(text))
		f.Add(packed)
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		p, err := decodePlan(packed)
		if err != nil {
			return
		}
		text, err := p.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodePlan(text)
		if err != nil || again.Len() != p.Len() {
			t.Errorf("%v, %v", again, err)
		}
		for key, text := range p.entries {
			if !bytes.Equal(again.entries[key], text) {
				t.Error("an entry has changed")
			}
		}
	})
}
