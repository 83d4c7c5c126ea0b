package disk

import (
	"archive/tar"
	"cmp"
	"encoding/json"
	"fmt"
	"foil/internal/digest"
	"foil/internal/store"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// A bundle is a tar file with records and the objects that they name, so that
// results can be handed on. Its first entry is the manifest, which says what
// follows, so that a reader knows when something is missing; then come the
// objects, and then the records, each sorted by name.

// bundleFormat is the version of the bundles that are written, and the highest
// that is read.
const bundleFormat = 1

// manifestName is the name of the first entry.
const manifestName = "foil-bundle.json"

// A manifest says what a bundle holds.
type manifest struct {
	Format  int          `json:"format"`
	Objects []bundleFile `json:"objects"`
	Records []bundleFile `json:"records"`
}

type bundleFile struct {
	Name string `json:"name"` // objects/ab/DIGEST or actions/ab/KEY.json
	Size int64  `json:"size"`
}

// Export writes work as a bundle. Objects are compared with their digests; the
// same records make the same bytes.
func (c *Cache) Export(w io.Writer, records []*store.Record) error {
	m := manifest{Format: bundleFormat, Objects: []bundleFile{}, Records: []bundleFile{}}
	files := map[string]File{}
	texts := map[string][]byte{}
	for _, r := range records {
		text, err := r.Encode()
		if err != nil {
			return err
		}
		name := recordName(r.Key)
		if texts[name] == nil {
			m.Records = append(m.Records, bundleFile{name, int64(len(text))})
		}
		texts[name] = text
		for _, f := range (Entry{Record: r}).files() {
			name := objectName(f.Digest)
			if _, known := files[name]; !known {
				m.Objects = append(m.Objects, bundleFile{name, f.Size})
			}
			files[name] = f
		}
	}
	byName := func(a, b bundleFile) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(m.Objects, byName)
	slices.SortFunc(m.Records, byName)
	return c.writeBundle(tar.NewWriter(w), m, files, texts)
}

func (c *Cache) writeBundle(t *tar.Writer, m manifest, files map[string]File, texts map[string][]byte) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	if err := addEntry(t, manifestName, int64(len(text)), strings.NewReader(string(text))); err != nil {
		return err
	}
	for _, o := range m.Objects {
		if err := c.addObject(t, o, files[o.Name]); err != nil {
			return err
		}
	}
	for _, r := range m.Records {
		if err := addEntry(t, r.Name, r.Size, strings.NewReader(string(texts[r.Name]))); err != nil {
			return err
		}
	}
	return t.Close()
}

func (c *Cache) addObject(t *tar.Writer, o bundleFile, f File) error {
	path, err := c.Object(f)
	if err != nil {
		return fmt.Errorf("%w; foil run makes it again", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return addEntry(t, o.Name, o.Size, file)
}

func addEntry(t *tar.Writer, name string, size int64, content io.Reader) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o444, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(t, content)
	return err
}

func objectName(d digest.Digest) string { return objectsDir + "/" + d.String()[:2] + "/" + d.String() }

func recordName(k digest.Key) string {
	return actionsDir + "/" + k.String()[:2] + "/" + k.String() + ".json"
}
