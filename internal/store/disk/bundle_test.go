package disk

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
)

// bundled is a bundle of two records that share an object.
func bundled(t testing.TB) (text []byte, records []*store.Record) {
	t.Helper()
	c := openTemp(t)
	records = []*store.Record{publish(t, c, "one", "a", "same", "b", "only one"), publish(t, c, "two", "a", "same")}
	return export(t, c, records), records
}

func export(t testing.TB, c *Cache, records []*store.Record) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.Export(t.Context(), &b, records); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImportedWorkIsFound(t *testing.T) {
	text, records := bundled(t)
	c := openTemp(t)
	got, err := c.Import(t.Context(), bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got.Records != 2 || got.Objects != 3 || got.Known != 0 { // and the log, which both share
		t.Errorf("%+v", got)
	}
	c = open(t, c.Dir())
	for _, want := range records {
		r, reason := lookup(t, c, want.Kind)
		if r == nil {
			t.Fatal(reason)
		}
		for _, f := range append(r.Outputs, *r.Log) {
			path, err := c.object(t.Context(), f)
			if err != nil {
				t.Error(err)
			}
			if info, _ := os.Stat(path); info.Mode().Perm()&0o222 != 0 {
				t.Errorf("%s can be written", f.Name)
			}
		}
	}
	if left, _ := os.ReadDir(filepath.Join(c.Dir(), workDir)); len(left) > 0 {
		t.Errorf("work/%s is left over", left[0].Name())
	}
	// A bundle stays the same after an import and an export.
	if again := export(t, c, []*store.Record{records[1], records[0], records[1]}); !bytes.Equal(again, text) {
		t.Error("exported again, it is another bundle")
	}
	if got, err := c.Import(t.Context(), bytes.NewReader(text)); err != nil || got.Records != 0 || got.Objects != 0 || got.Known != 2 {
		t.Errorf("imported again: %+v, %v", got, err)
	}
}

// A lost log must not prevent an export: no run makes the log again.
func TestLostLogIsLeftOut(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"missing": os.Remove,
		"changed": func(path string) error {
			return errors.Join(os.Chmod(path, 0o666), os.WriteFile(path, []byte("a lime\n"), 0o666))
		},
		"truncated": func(path string) error { return errors.Join(os.Chmod(path, 0o666), os.Truncate(path, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			r := publish(t, c, "one", "a", "same")
			if err := lose(c.objectPath(r.Log.Digest)); err != nil {
				t.Fatal(err)
			}
			to := openTemp(t)
			if _, err := to.Import(t.Context(), bytes.NewReader(export(t, open(t, c.Dir()), []*store.Record{r}))); err != nil {
				t.Fatal(err)
			}
			got, reason := lookup(t, to, "one")
			if got == nil || got.Log != nil {
				t.Errorf("got %+v (%s)", got, reason)
			}
			if r.Log == nil {
				t.Error("the record of the caller was changed")
			}
		})
	}
}

func TestImportHealsWhatIsDamagedAndLeavesWhatIsGood(t *testing.T) {
	text, records := bundled(t)
	c := openTemp(t)
	if _, err := c.Import(t.Context(), bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	good, bad := c.objectPath(records[0].Outputs[0].Digest), c.objectPath(records[0].Outputs[1].Digest)
	before, err := os.Stat(good)
	if err != nil {
		t.Fatal(err)
	}
	os.Chmod(bad, 0o666)
	os.WriteFile(bad, []byte("0nly one"), 0o666)
	c = open(t, c.Dir())
	if got, err := c.Import(t.Context(), bytes.NewReader(text)); err != nil || got.Objects != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if after, err := os.Stat(good); err != nil || !os.SameFile(before, after) {
		t.Errorf("what was good has been replaced (%v)", err)
	}
	if _, err := open(t, c.Dir()).object(t.Context(), records[0].Outputs[1]); err != nil {
		t.Error(err)
	}
}

// A truncated bundle, or one with any changed byte, adds no wrong record.
func TestBrokenBundleIsRefused(t *testing.T) {
	text, _ := bundled(t)
	c := openTemp(t)
	for at := 0; at < len(text); at += 197 {
		for name, broken := range map[string][]byte{"cut": text[:at], "flipped": flipped(text, at)} {
			_, err := c.Import(t.Context(), bytes.NewReader(broken))
			if err == nil && name == "cut" {
				t.Errorf("%s at %d: accepted", name, at)
			}
			entries, err2 := c.Entries()
			if err2 != nil || err != nil && len(entries) > 0 {
				t.Errorf("%s at %d: %v, and %d records are there (%v)", name, at, err, len(entries), err2)
			}
			for _, e := range entries {
				for _, f := range e.files() {
					if _, err := c.object(t.Context(), f); err != nil {
						t.Errorf("%s at %d: %v", name, at, err)
					}
				}
				os.Remove(e.Path) // as if it had not been accepted
			}
		}
	}
}

func flipped(text []byte, at int) []byte {
	b := bytes.Clone(text)
	b[at] ^= 1
	return b
}

// remake writes a bundle again, with its entries changed.
func remake(t *testing.T, text []byte, change func(h *tar.Header, content string) (string, bool)) []byte {
	t.Helper()
	var b bytes.Buffer
	in, out := tar.NewReader(bytes.NewReader(text)), tar.NewWriter(&b)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		changed, keep := change(h, string(content))
		if !keep {
			continue
		}
		h.Size = int64(len(changed))
		if err := errors.Join(out.WriteHeader(h), func() error { _, err := io.WriteString(out, changed); return err }()); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestForeignBundleIsRefusedWithAReason(t *testing.T) {
	text, records := bundled(t)
	isFirst := func(h *tar.Header, dir string) bool { return strings.HasPrefix(h.Name, dir) }
	for name, test := range map[string]struct {
		text []byte
		want string
	}{
		"no tar":      {[]byte(strings.Repeat("hello ", 500)), "not a bundle that foil export has written"},
		"empty":       {nil, "not a bundle that foil export has written"},
		"another tar": {remake(t, text, func(h *tar.Header, s string) (string, bool) { return s, h.Name != manifestName }), "not a bundle that foil export has written"},
		"a later format": {remake(t, text, func(h *tar.Header, s string) (string, bool) {
			return strings.Replace(s, `"format": 1`, `"format": 2`, 1), true
		}), "has format 2, and this foil reads format 1"},
		"an object is not there": {remake(t, text, func(h *tar.Header, s string) (string, bool) {
			return s, h.Name != objectName(records[0].Outputs[1].Digest)
		}), "where its manifest says"},
		"other content": {remake(t, text, func(h *tar.Header, s string) (string, bool) {
			if isFirst(h, objectsDir) {
				return strings.ToUpper(s), true
			}
			return s, true
		}), "has unexpected content"},
		"a name that leads elsewhere": {remake(t, text, func(h *tar.Header, s string) (string, bool) {
			return strings.Replace(s, `"objects/`, `"../../objects/`, 1), true
		}), "names an object"},
		"a record without its output": {remake(t, text, func(h *tar.Header, s string) (string, bool) {
			gone := objectName(records[0].Outputs[1].Digest)
			if h.Name == manifestName {
				i := strings.Index(s, gone)
				open, end := strings.LastIndex(s[:i], "{"), i+strings.Index(s[i:], "}")+1
				s = s[:open] + s[end:]
				s = strings.NewReplacer("[\n  ,", "[", ",\n  ,", ",", ",\n  \n ]", "\n ]").Replace(s)
			}
			return s, h.Name != gone
		}), "but not its output"},
		"more than said": {remake(t, text, func(h *tar.Header, s string) (string, bool) {
			if h.Name == manifestName {
				i := strings.Index(s, `"records"`)
				s = s[:i] + `"records": []}`
			}
			return s, true
		}), "more files than its manifest lists"},
	} {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			if _, err := c.Import(t.Context(), bytes.NewReader(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if entries, _ := c.Entries(); len(entries) > 0 {
				t.Error("records were imported")
			}
		})
	}
}

// A refused bundle neither adds anything nor takes what is good.
func TestRefusedBundleChangesNothing(t *testing.T) {
	seed := newParts(t)
	content := string(seed.object)
	c := openTemp(t)
	publish(t, c, "mine", "out", content, "dear", "only mine")
	dear := digest.Of([]byte("only mine")).String()
	before := snapshot(t, c.Dir())
	replace := func(pairs ...string) []byte {
		return []byte(strings.NewReplacer(pairs...).Replace(string(seed.record)))
	}
	own := digest.Of(seed.object).String()
	for name, record := range map[string][]byte{
		"another size of an object of mine":   replace(`"size": 24`, `"size": 4`),
		"a negative size":                     replace(`"size": 24`, `"size": -24`),
		"another size of one that is not new": replace(own, dear),
		"an object that is nowhere":           replace(own, strings.Repeat("0", 64)),
		"a name that leads out":               replace(`"name": "out"`, `"name": "../../../out"`),
		"a device":                            replace(`"name": "out"`, `"name": "nul"`),
		"another kind":                        replace(`"kind": "work"`, `"kind": "play"`),
		"another input":                       replace(`"name": "in"`, `"name": "on"`),
		"an escape":                           replace(` "started"`, ` "cell": "\u001b[2J",`+"\n"+` "started"`),
		"a field more":                        replace(` "started"`, ` "colour": 1,`+"\n"+` "started"`),
		"a log with another name":             replace(` "inputs"`, ` "log": {"name": "../log", "digest": "`+own+`", "size": 24},`+"\n"+` "inputs"`),
	} {
		text := seed.changed(seed.manifest, []byte("a new object, also with 24"), record).bundle(t)
		for what, text := range map[string][]byte{"new": text, "known": seed.changed(seed.manifest, seed.object, record).bundle(t)} {
			if _, err := c.Import(t.Context(), bytes.NewReader(text)); err == nil {
				t.Errorf("%s, %s: accepted", name, what)
			}
			if after := snapshot(t, c.Dir()); after != before {
				t.Fatalf("%s, %s: there was\n%s\nand now there is\n%s", name, what, before, after)
			}
		}
	}
	for name, change := range map[string]func(string) string{
		"one object twice":    func(s string) string { return duplicate(s, `"objects": [`) },
		"one record twice":    func(s string) string { return duplicate(s, `"records": [`) },
		"upper-case digits":   func(s string) string { return strings.Replace(s, own, strings.ToUpper(own), 1) },
		"an object elsewhere": func(s string) string { return strings.Replace(s, "objects/"+own[:2], "objects/00", 1) },
		"a record elsewhere": func(s string) string {
			return strings.Replace(s, "actions/"+keyIn(seed.record).String()[:2], "actions/00", 1)
		},
	} {
		p := parts{[]byte(change(string(seed.manifest))), seed.object, seed.record}
		if bytes.Equal(p.manifest, seed.manifest) {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := c.Import(t.Context(), bytes.NewReader(p.bundle(t))); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if after := snapshot(t, c.Dir()); after != before {
			t.Fatalf("%s: there was\n%s\nand now there is\n%s", name, before, after)
		}
	}
	if _, err := c.Import(t.Context(), bytes.NewReader(seed.bundle(t))); err != nil {
		t.Error(err)
	}
}

// duplicate repeats the only entry of a list.
func duplicate(manifest, list string) string {
	i := strings.Index(manifest, list) + len(list)
	end := i + strings.Index(manifest[i:], "}") + 1
	return manifest[:end] + "," + manifest[i:]
}

func TestDamagedObjectIsNotExported(t *testing.T) {
	c := openTemp(t)
	r := publish(t, c, "work", "out", "content")
	path := c.objectPath(r.Outputs[0].Digest)
	os.Chmod(path, 0o666)
	os.WriteFile(path, []byte("kontent"), 0o666)
	c = open(t, c.Dir())
	var damaged *store.DamagedError
	if err := c.Export(t.Context(), io.Discard, []*store.Record{r}); !errors.As(err, &damaged) {
		t.Errorf("got %v", err)
	}
}
