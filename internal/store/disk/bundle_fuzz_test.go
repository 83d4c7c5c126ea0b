package disk

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
)

// FuzzImport fuzzes the parts of a bundle. It recomputes the digests, keys, sizes and checksums as
// far as they were right in the seed, because random changes never pass these checks.
func FuzzImport(f *testing.F) {
	seed := newParts(f)
	f.Add(seed.manifest, seed.object, seed.record, uint16(0))
	f.Add(seed.manifest, seed.object, seed.record, uint16(1600))
	f.Fuzz(func(t *testing.T, manifest, object, record []byte, cut uint16) {
		text := seed.changed(manifest, object, record).bundle(t)
		text = text[:max(0, len(text)-int(cut))]
		c := openTemp(t)
		_, refused := c.Import(t.Context(), bytes.NewReader(text))
		entries, err := c.Entries()
		if err != nil {
			t.Fatal(err)
		}
		if refused != nil && len(entries) > 0 {
			t.Errorf("refused (%v), and %d records are there", refused, len(entries))
		}
		for _, e := range entries {
			if e.Problem != nil {
				t.Errorf("a record is there that %v", e.Problem)
			}
			for _, o := range e.files() {
				if _, err := c.object(t.Context(), o); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// The parts of a bundle that has one object and one record.
type parts struct{ manifest, object, record []byte }

func newParts(t testing.TB) parts {
	object := []byte("the content of an object")
	r := &store.Record{
		Format: store.RecordFormat, Kind: "work", Version: 1,
		Outputs: []File{{Name: "out", Digest: digest.Of(object), Size: int64(len(object))}},
		Inputs:  []store.Input{{Name: "in", Digest: digest.Of(nil)}},
	}
	r.KeyText = append(digest.NewKeyLines("work", 1), digest.KeyLine{Part: digest.PartInput, Name: "in", Value: digest.Of(nil).String()}).Text()
	r.Key = r.KeyText.Key()
	record, err1 := r.Encode()
	manifest, err2 := json.MarshalIndent(manifest{
		Format:  bundleFormat,
		Objects: []bundleFile{{objectName(digest.Of(object)), int64(len(object))}},
		Records: []bundleFile{{recordName(r.Key), int64(len(record))}},
	}, "", " ")
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return parts{manifest, object, record}
}

// changed is other parts, in which what p's know of each other is what
// these should know.
func (p parts) changed(manifest, object, record []byte) parts {
	before, after := keyIn(p.record), keyIn(record)
	size := func(b []byte) string { return fmt.Sprintf(`"size": %d`, len(b)) }
	replace := func(b []byte, pairs ...string) []byte {
		return []byte(strings.NewReplacer(pairs...).Replace(string(b)))
	}

	pairs := []string{
		digest.Of(p.object).String(), digest.Of(object).String(),
		objectName(digest.Of(p.object))[:11], objectName(digest.Of(object))[:11], // objects/ab/
		before.String(), after.String(),
		recordName(before)[:11], recordName(after)[:11],
		size(p.object), size(object),
	}
	record = resealed(replace(record, pairs...))
	return parts{replace(manifest, append(pairs, size(p.record), size(record))...), object, record}
}

// keyIn is the key of the key text in a record.
func keyIn(record []byte) digest.Key {
	var text struct {
		Key string `json:"key_text"`
	}
	_ = json.Unmarshal(record, &text) // where it is no JSON, the key does not matter
	return digest.KeyOf(text.Key)
}

// bundle writes the parts under the names that the manifest gives.
func (p parts) bundle(t *testing.T) []byte {
	var m manifest
	_ = json.Unmarshal(p.manifest, &m)
	name := func(files []bundleFile, other string) string {
		if len(files) > 0 {
			return files[0].Name
		}
		return other
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range []struct {
		name    string
		content []byte
	}{
		{manifestName, p.manifest},
		{name(m.Objects, "object"), p.object},
		{name(m.Records, "record"), p.record},
	} {
		if err := addEntry(t.Context(), w, e.name, int64(len(e.content)), bytes.NewReader(e.content)); err != nil {
			t.Skip("no name for an entry: ", err)
		}
	}
	w.Close()
	return b.Bytes()
}

func TestBundleOfChangedPartsIsWhole(t *testing.T) {
	seed := newParts(t)
	other := bytes.ReplaceAll(seed.record, []byte("work"), []byte("other"))
	c := openTemp(t)
	if _, err := c.Import(t.Context(), bytes.NewReader(seed.changed(seed.manifest, []byte("another content"), other).bundle(t))); err != nil {
		t.Fatal(err)
	}
	if entries, err := c.Entries(); err != nil || len(entries) != 1 || entries[0].Record == nil || entries[0].Record.Kind != "other" {
		t.Errorf("%+v, %v", entries, err)
	}
}
