package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"foil/internal/digest"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ab are two small files.
var ab = []Member{{"a", 10_000}, {"b", 10_000}}

// tarred packs files; a name that ends in / is a folder.
func tarred(t testing.TB, files Raw, prefix string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Name: prefix + name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if strings.HasSuffix(name, "/") {
			h.Typeflag = tar.TypeDir
		}
		err := w.WriteHeader(h)
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTarGzIsReadFromAnyFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tar.gz")
	content := tarred(t, Raw{"a": []byte("1"), "b": nil, "b/": nil, "unasked": []byte("2")}, "deep/inside/")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	raw, d, err := ReadTarGz(path, ab...)
	if err != nil || string(raw["a"]) != "1" || len(raw["b"]) != 0 || len(raw) != 2 {
		t.Errorf("got %q, %v", raw, err)
	}
	if d != digest.Of(content) {
		t.Errorf("the digest is %v, not the archive's", d)
	}
}

func TestBadTarGzIsRefused(t *testing.T) {
	whole := tarred(t, Raw{"a": bytes.Repeat([]byte("data"), 2000), "b": []byte("2")}, "x/")
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-7] ^= 0x55 // the checksum
	liar := tarred(t, Raw{"a": nil}, "")
	for _, c := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"cut off", whole[:len(whole)*2/3], "not a complete tar.gz file (truncated, damaged, or a different type of file;"},
		{"without its end", whole[:len(whole)-8], "not a complete tar.gz file"},
		{"damaged", damaged, "gzip: invalid checksum"},
		{"another file", []byte("<html>Please log in</html>"), "not a complete tar.gz file (truncated, damaged, or a different type of file; 26 bytes)"},
		{"empty", nil, "not a complete tar.gz file"},
		{"a zip", zipped(t, tiny(), ""), "not a complete tar.gz file"},
		{"a file missing", liar, "the archive has no b (a, b are needed)"},
		{"a file twice", tarred(t, Raw{"1/a": nil, "2/a": nil}, ""), "the archive has both 1/a and 2/a: one a is needed"},
	} {
		path := filepath.Join(t.TempDir(), "x.tar.gz")
		if err := os.WriteFile(path, c.raw, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ReadTarGz(path, ab...); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error is %v, wants %s and the path", c.name, err, c.want)
		}
	}
}

// A header of some bytes must not reserve a gigabyte.
func TestSizesThatLieReserveNothing(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "a", Size: 1 << 40, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := untar(bytes.NewReader(b.Bytes()), int64(b.Len()), []Member{{"a", 1 << 20}})
	if err == nil || !strings.Contains(err.Error(), "a in the archive: it has more than 1048576 bytes") {
		t.Error(err)
	}
}

func FuzzUntar(f *testing.F) {
	f.Add(tarred(f, Raw{"a": []byte("1"), "b": []byte("2")}, "x/"))
	f.Fuzz(func(t *testing.T, b []byte) { untar(bytes.NewReader(b), int64(len(b)), ab) })
}
