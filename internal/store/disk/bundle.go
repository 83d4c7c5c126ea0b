package disk

import (
	"archive/tar"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"foil/internal/ctxio"
	"foil/internal/digest"
	"foil/internal/store"
)

// A bundle is a tar file with records and their objects, for the transfer of results. Its first
// entry is the manifest, which lists all other entries, so that a reader detects missing ones. Then
// come the objects, then the records, each sorted by name.

// bundleFormat is the version of written bundles, and the highest version that can be read.
const bundleFormat = 1

// manifestName is the name of the first entry.
const manifestName = "foil-bundle.json"

// A manifest lists the content of a bundle.
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
// same records make the same bytes. A log that is lost or damaged is left out: no result depends
// on it, and no run makes it again.
func (c *Cache) Export(ctx context.Context, w io.Writer, records []*store.Record) error {
	m := manifest{Format: bundleFormat, Objects: []bundleFile{}, Records: []bundleFile{}}
	files := map[string]File{}
	texts := map[string][]byte{}
	for _, r := range records {
		r, err := c.withoutLostLog(ctx, r)
		if err != nil {
			return err
		}
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
	sortBundleFiles(m.Objects)
	sortBundleFiles(m.Records)
	return c.writeBundle(ctx, tar.NewWriter(w), m, files, texts)
}

// withoutLostLog returns a record without its log if the log cannot be exported.
func (c *Cache) withoutLostLog(ctx context.Context, r *store.Record) (*store.Record, error) {
	if r.Log == nil {
		return r, nil
	}
	if _, err := c.object(ctx, *r.Log); err == nil || ctx.Err() != nil {
		return r, ctx.Err()
	}
	without := *r
	without.Log = nil
	return &without, nil
}

func sortBundleFiles(files []bundleFile) {
	slices.SortFunc(files, func(a, b bundleFile) int { return cmp.Compare(a.Name, b.Name) })
}

func (c *Cache) writeBundle(
	ctx context.Context, t *tar.Writer, m manifest, files map[string]File, texts map[string][]byte,
) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	if err := addEntry(ctx, t, manifestName, int64(len(text)), strings.NewReader(string(text))); err != nil {
		return err
	}
	for _, o := range m.Objects {
		if err := c.addObject(ctx, t, o, files[o.Name]); err != nil {
			return err
		}
	}
	for _, r := range m.Records {
		if err := addEntry(ctx, t, r.Name, r.Size, strings.NewReader(string(texts[r.Name]))); err != nil {
			return err
		}
	}
	return t.Close()
}

func (c *Cache) addObject(ctx context.Context, t *tar.Writer, o bundleFile, f File) error {
	path, err := c.object(ctx, f)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%w; foil run makes it again", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return addEntry(ctx, t, o.Name, o.Size, file)
}

func addEntry(ctx context.Context, t *tar.Writer, name string, size int64, content io.Reader) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o444, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err := ctxio.Copy(ctx, t, content)
	return err
}

func objectName(d digest.Digest) string { return objectsDir + "/" + d.String()[:2] + "/" + d.String() }

func recordName(k digest.Key) string {
	return actionsDir + "/" + k.String()[:2] + "/" + k.String() + ".json"
}
