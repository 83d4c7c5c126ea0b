package disk

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/testenv"
)

// stopping counts bytes, and calls stop when so many have passed.
type stopping struct {
	r    io.Reader
	w    io.Writer
	left int
	stop func()
}

func (s *stopping) count(n int) {
	if s.left -= n; s.left <= 0 {
		s.stop()
	}
}

func (s *stopping) Read(p []byte) (int, error) {
	n, err := s.r.Read(p[:min(len(p), 100)])
	s.count(n)
	return n, err
}

func (s *stopping) Write(p []byte) (int, error) {
	s.count(len(p))
	return s.w.Write(p)
}

func TestInterruptedImportLeavesNothingHalfMade(t *testing.T) {
	text, _ := bundled(t)
	for at := 0; at <= len(text); at += 331 {
		c := openTemp(t)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := c.Import(ctx, &stopping{r: bytes.NewReader(text), left: at, stop: cancel})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted at byte %d: %v", at, err)
		}
		if entries, err := c.Entries(); err != nil || len(entries) > 0 {
			t.Errorf("interrupted at byte %d: %d records (%v)", at, len(entries), err)
		}
		if left, _ := os.ReadDir(filepath.Join(c.Dir(), workDir)); len(left) > 0 {
			t.Errorf("interrupted at byte %d: work/%s is left over", at, left[0].Name())
		}
		if report, err := c.Verify(t.Context(), Verification{}); err != nil || len(report.Problems) > 0 {
			t.Errorf("interrupted at byte %d: %v, %v", at, report.Problems, err)
		}
	}
}

func TestInterruptedExportEnds(t *testing.T) {
	text, _ := bundled(t)
	c := openTemp(t)
	records := []*store.Record{publish(t, c, "one", "a", "same", "b", "only one"), publish(t, c, "two", "a", "same")}
	for at := 0; at <= len(text)-2048; at += 512 {
		ctx, cancel := context.WithCancel(t.Context())
		if err := c.Export(ctx, &stopping{w: io.Discard, left: at, stop: cancel}, records); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted at byte %d: %v", at, err)
		}
	}
}

// A countdown is a context that ends after so many looks at it.
type countdown struct {
	context.Context
	left *atomic.Int64
}

// looksAt makes a countdown.
func looksAt(t testing.TB, looks int) countdown {
	c := countdown{t.Context(), new(atomic.Int64)}
	c.left.Store(int64(looks))
	return c
}

func (c countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func TestInterruptedComparisonSaysNothingAboutTheObject(t *testing.T) {
	c := openTemp(t)
	r := publish(t, c, "work", "out", strings.Repeat("content", 100_000))
	for looks := range 8 {
		c := open(t, c.Dir())
		if _, err := c.Fetch(looksAt(t, looks), r.Outputs[0]); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		if _, err := c.Verify(looksAt(t, looks), Verification{Repair: true}); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		if _, err := c.Fetch(t.Context(), r.Outputs[0]); err != nil {
			t.Fatalf("interrupted after %d looks, and then %v", looks, err)
		}
	}
}

func TestInterruptedPublishLeavesNothing(t *testing.T) {
	for looks := range 8 {
		c := openTemp(t)
		w := beginWork(t, c, "work", map[string]string{"a": strings.Repeat("content", 100_000)})
		err := w.Publish(looksAt(t, looks), w.Workspace, &store.Record{KeyText: textOf("work")})
		w.Release()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("after %d looks: %v", looks, err)
		}
		if r, _ := lookup(t, c, "work"); r != nil {
			t.Error("it was published")
		}
	}
}

// entry is an entry of a bundle.
type entry struct{ name, content string }

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if err := addEntry(t.Context(), w, e.name, int64(len(e.content)), strings.NewReader(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func listing(t testing.TB, objects, records []bundleFile) string {
	t.Helper()
	text, err := json.Marshal(manifest{bundleFormat, objects, records})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// recorded is a record with one output, and with a parameter of so many bytes.
func recorded(t testing.TB, name string, output File, pad int) (key digest.Key, text string) {
	t.Helper()
	lines := append(digest.NewKeyLines("work", 1), digest.KeyLine{Part: digest.PartParameter, Name: name, Value: strings.Repeat("z", pad)})
	r := &store.Record{Format: store.RecordFormat, Key: lines.Key(), KeyText: lines.Text(), Kind: "work", Version: 1, Outputs: []File{output}}
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return r.Key, string(b)
}

func TestHostileManifestsAreRefused(t *testing.T) {
	content := "hello"
	d := digest.Of([]byte(content))
	other := digest.Of([]byte("other"))
	object, record := objectName(d), recordName(keyOf("work"))
	low, high := min(object, objectName(other)), max(object, objectName(other))
	list := func(format string, args ...any) string { return fmt.Sprintf(`{"format":1,`+format, args...) }
	for name, c := range map[string]struct{ manifest, want string }{
		"null":                    {`null`, `it has null where "{" is needed`},
		"a list":                  {`[]`, `it has "[" where "{" is needed`},
		"a text":                  {`"objects"`, `it has the text "objects" where "{" is needed`},
		"a number":                {`1`, `it has 1 where "{" is needed`},
		"nested lists":            {strings.Repeat("[", 2_000_000), "is needed"},
		"nested in a list":        {list(`"objects":%s`, strings.Repeat("[", 2_000_000)), "cannot be read"},
		"nested in an entry":      {list(`"objects":[{"name":%s`, strings.Repeat("[", 2_000_000)), "cannot be read"},
		"a long name":             {list(`"objects":[{"name":"%s"`, strings.Repeat("x", 1<<20)), "more than 65536 bytes"},
		"a long part":             {`{"` + strings.Repeat("x", 1<<20), "more than 65536 bytes"},
		"white space":             {strings.Repeat(" ", 1<<20) + `{}`, "more than 65536 bytes"},
		"no format":               {`{}`, "does not begin with its format"},
		"the format last":         {`{"objects":[],"records":[],"format":1}`, "does not begin with its format"},
		"a later format":          {`{"format":2,"objects":{}}`, "has format 2, and this foil reads format 1"},
		"another part":            {list(`"links":[]}`), `unknown part "links"`},
		"text after it":           {list(`"objects":[],"records":[]}{}`), "text after its end"},
		"no list":                 {list(`"objects":null}`), "is needed"},
		"empty entries":           {list(`"objects":[{},{}]}`), `names an object ""`},
		"a negative size":         {list(`"objects":[{"name":"%s","size":-1}]}`, object), "of -1 bytes"},
		"a name in capitals":      {list(`"objects":[{"name":"objects/%s","size":5}]}`, strings.ToUpper(object[8:])), "names an object"},
		"a name that leads away":  {list(`"objects":[{"name":"objects/../%s","size":5}]}`, d), "names an object"},
		"an object twice":         {list(`"objects":[{"name":"%s","size":5},{"name":"%s","size":5}]}`, object, object), "not unique"},
		"objects out of order":    {list(`"objects":[{"name":"%s","size":5},{"name":"%s","size":5}]}`, high, low), "not sorted"},
		"objects in two parts":    {list(`"objects":[{"name":"%s","size":5}],"objects":[{"name":"%s","size":5}]}`, object, object), "not unique"},
		"a record twice":          {list(`"records":[{"name":"%s","size":5},{"name":"%s","size":5}]}`, record, record), "not unique"},
		"a record's name":         {list(`"records":[{"name":"actions/x.json","size":5}]}`), "names a record"},
		"a huge record":           {list(`"records":[{"name":"%s","size":%d}]}`, record, store.MaxRecord+1), "at most"},
		"a record of no size":     {list(`"records":[{"name":"%s","size":-1}]}`, record), "has -1 bytes"},
		"a size beyond all disks": {list(`"objects":[{"name":"%s","size":%d}],"records":[]}`, object, int64(1)<<62), "with 5 bytes where its manifest says 4611686018427387904"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, openTemp(t), tarOf(t, entry{manifestName, c.manifest}, entry{object, content}), c.want)
		})
	}
}

// refused imports a bundle that must be refused.
func refused(t *testing.T, c *Cache, bundle []byte, want string) {
	t.Helper()
	_, err := c.Import(t.Context(), bytes.NewReader(bundle))
	if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 1000 {
		t.Errorf("got %.1000v, want %q", err, want)
	}
}

func TestRecordsThatDoNotFitTheirObjectsAreRefused(t *testing.T) {
	content := "hello"
	f := File{Name: "out", Digest: digest.Of([]byte(content)), Size: int64(len(content))}
	bundle := func(output File) []byte {
		key, text := recorded(t, "a", output, 0)
		return tarOf(t,
			entry{manifestName, listing(t, []bundleFile{{objectName(f.Digest), f.Size}}, []bundleFile{{recordName(key), int64(len(text))}})},
			entry{objectName(f.Digest), content}, entry{recordName(key), text})
	}
	c := openTemp(t)
	if _, err := c.Import(t.Context(), bytes.NewReader(bundle(f))); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		output File
		want   string
	}{
		"a smaller size": {File{Name: "out", Digest: f.Digest, Size: 4}, "has 5 bytes and not 4, as the record claims"},
		"a larger size":  {File{Name: "out", Digest: f.Digest, Size: 1 << 40}, "as the record claims"},
		"a negative one": {File{Name: "out", Digest: f.Digest, Size: -5}, "has the impossible size -5"},
		"another object": {File{Name: "out", Digest: digest.Of([]byte("other")), Size: 5}, "but not its output out"},
		"a name outside": {File{Name: "../out", Digest: f.Digest, Size: 5}, "is not a plain path"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, c, bundle(test.output), test.want)
			if _, err := c.Fetch(t.Context(), f); err != nil {
				t.Errorf("the good object is gone: %v", err)
			}
		})
	}
}

func TestRecordOfManyEmptyPartsIsRefused(t *testing.T) {
	f := File{Name: "out", Digest: digest.Of([]byte("hello")), Size: 5}
	for _, part := range []string{"inputs", "outputs", "timings"} {
		key, text := recorded(t, "a", f, 0)
		many := `"` + part + `": [` + strings.Repeat("{},", 1_000_000) + `{}],`
		text = string(resealed([]byte(strings.Replace(text, ` "kind"`, " "+many+"\n \"kind\"", 1))))
		refused(t, openTemp(t), tarOf(t,
			entry{manifestName, listing(t, []bundleFile{{objectName(f.Digest), f.Size}}, []bundleFile{{recordName(key), int64(len(text))}})},
			entry{objectName(f.Digest), "hello"}, entry{recordName(key), text}), "more parts than its size allows")
	}
}

func TestDataAfterABundleIsRefused(t *testing.T) {
	text, _ := bundled(t)
	if _, err := openTemp(t).Import(t.Context(), bytes.NewReader(append(text, make([]byte, 10_240)...))); err != nil {
		t.Errorf("padding: %v", err)
	}
	for name, after := range map[string][]byte{
		"much padding":   make([]byte, maxTrailer+1),
		"a text":         []byte("text"),
		"another bundle": text,
		"a late byte":    append(make([]byte, 10_239), 1),
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, openTemp(t), append(text[:len(text):len(text)], after...), "more data after its end")
		})
	}
}

func TestBundleWithoutItsEndIsRefused(t *testing.T) {
	text, _ := bundled(t)
	content := len(bytes.TrimRight(text, "\x00"))
	for at := content; at < len(text); at += 100 {
		refused(t, openTemp(t), text[:at], "cut off")
	}
}

// Entries that have the right name, but are no files, are refused.
func TestEntriesThatAreNoFilesAreRefused(t *testing.T) {
	text, _ := bundled(t)
	for name, kind := range map[string]byte{
		"symbolic link": tar.TypeSymlink, "hard link": tar.TypeLink, "named pipe": tar.TypeFifo, "device": tar.TypeBlock,
	} {
		for _, of := range []string{objectsDir, actionsDir} {
			t.Run(name+" in "+of, func(t *testing.T) {
				refused(t, openTemp(t), remake(t, text, func(h *tar.Header, content string) (string, bool) {
					if strings.HasPrefix(h.Name, of) {
						h.Typeflag, h.Linkname, h.Size, content = kind, "/etc/passwd", 0, ""
					}
					return content, true
				}), "is not a file")
			})
		}
	}
}

// live is a reader that measures the memory in use from time to time.
type live struct {
	r    io.Reader
	next int
	most uint64
}

func (l *live) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.next -= n; l.next <= 0 || err != nil {
		l.next = 1 << 20
		l.most = max(l.most, testenv.InUse())
	}
	return n, err
}

// The text of the records is several times larger than the memory that an import may take.
func TestImportKeepsRecordsOnDisk(t *testing.T) {
	const pad, count, most = 1 << 20, 24, 12 << 20
	c := openTemp(t)
	f := File{Name: "out", Digest: digest.Of([]byte("hello")), Size: 5}
	var names []bundleFile
	numbers := map[string]int{}
	for i := range count {
		key, text := recorded(t, fmt.Sprint("p", i), f, pad)
		names = append(names, bundleFile{recordName(key), int64(len(text))})
		numbers[recordName(key)] = i
	}
	sortBundleFiles(names)
	from, to := io.Pipe()
	go func() {
		w := tar.NewWriter(to)
		add := func(name, content string) {
			if err := addEntry(t.Context(), w, name, int64(len(content)), strings.NewReader(content)); err != nil {
				t.Error(err)
			}
		}
		add(manifestName, listing(t, []bundleFile{{objectName(f.Digest), f.Size}}, names))
		add(objectName(f.Digest), "hello")
		for _, n := range names {
			_, text := recorded(t, fmt.Sprint("p", numbers[n.Name]), f, pad)
			add(n.Name, text)
		}
		to.CloseWithError(w.Close())
	}()
	before := testenv.InUse()
	r := &live{r: from}
	got, err := c.Import(t.Context(), r)
	if err != nil || got.Records != count {
		t.Fatalf("%+v, %v", got, err)
	}
	// The writer has one record in memory, too.
	if grown := int64(r.most - before); grown > most {
		t.Errorf("the import of %d records of %d bytes takes %d bytes of memory", count, pad, grown)
	}
}
