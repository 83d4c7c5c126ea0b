package dataset

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/testenv"
)

// sameJSON compares two values.
func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return bytes.Equal(x, y)
}

// newlines is `count` empty lines.
type newlines struct{ count int64 }

func (n *newlines) Read(p []byte) (int, error) {
	if n.count == 0 {
		return 0, io.EOF
	}
	k := copy(p, bytes.Repeat([]byte("\n"), int(min(32<<10, n.count))))
	n.count -= int64(k)
	return k, nil
}

func zipBomb(t *testing.T, members []Member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for _, m := range members {
		w, err := z.Create("ml-1m/" + m.Name)
		if err == nil {
			_, err = io.Copy(w, &newlines{m.Most + 1})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lyingZip has a file whose header claims another size than the content has.
func lyingZip(t *testing.T, claimed uint64, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "a", Method: zip.Store, UncompressedSize64: claimed, CompressedSize64: uint64(len(content))})
	if err == nil {
		_, err = io.WriteString(w, content)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarBomb holds a file of so many bytes.
func tarBomb(t *testing.T, name string, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := fastGzip(t, &b)
	w := tar.NewWriter(z)
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size, Typeflag: tar.TypeReg})
	if err == nil {
		_, err = io.Copy(w, &newlines{size})
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func fastGzip(t *testing.T, w io.Writer) *gzip.Writer {
	t.Helper()
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestLinksInZipsAreNoFiles: a link or a folder with the name of a file is not read as one.
func TestLinksInZipsAreNoFiles(t *testing.T) {
	for name, mode := range map[string]fs.FileMode{"a": fs.ModeSymlink | 0o777, "a/": fs.ModeDir | 0o755} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		h := &zip.FileHeader{Name: name}
		h.SetMode(mode)
		w, err := z.CreateHeader(h)
		if err == nil && name == "a" {
			_, err = io.WriteString(w, "/etc/passwd")
		}
		if err := errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := unzip(b.Bytes(), ab[:1]); err == nil || err.Error() != "the zip has no a (a are needed)" {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// manyZip has many empty files.
func manyZip(t *testing.T, files int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range files {
		if _, err := z.Create(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bzip2Bomb is 46,000,000 empty lines. Several of them in a row are a bzip2 file, too.
const bzip2Bomb = "QlpoOTFBWSZTWStxu3EBX45AAIAQAAggADCATUZCoCWpCoCXMUFZJlNZAWMxFQAAxdAAgBAEAAAIIAAgpTQZjUhbBQvF3JFOFCQV4BH9wA=="

// All of these are small, and claim or unpack to many times their size.
func TestMemoryForArchivesIsBounded(t *testing.T) {
	readZip := func(members ...Member) func(string) error {
		return func(path string) error { _, _, err := ReadZip(path, members...); return err }
	}
	readTarGz := func(members ...Member) func(string) error {
		return func(path string) error { _, _, err := ReadTarGz(path, members...); return err }
	}
	readPacked := func(m Member) func(string) error {
		return func(path string) error {
			p, _, err := ReadPacked(filepath.Dir(path), m)
			if err == nil {
				_, err = p.Unpack()
			}
			return err
		}
	}
	cifar := CIFAR10.Files()
	bomb := strings.Repeat(fromBase64(t, bzip2Bomb), 4)
	for _, c := range []struct {
		name    string
		content []byte
		read    func(path string) error
		most    uint64 // of memory
		want    string
	}{
		{"MovieLens", zipBomb(t, []Member{MovieLensFiles()[0], {UsersFile, 9}, {MoviesFile, 9}}), readZip(MovieLensFiles()...), 1 << 20, "ratings.dat in the zip: it has more than 67108864 bytes"},
		{"the last file of a zip", zipBomb(t, []Member{{"a", 999}, {"b", 1 << 24}}), readZip(Member{"a", 1000}, Member{"b", 1 << 20}), 1 << 20, "b in the zip: it has more than 1048576 bytes"},
		{"a zip of other files", zipBomb(t, []Member{{"x", 1 << 24}}), readZip(Member{"a", 1 << 20}), 1 << 20, "the zip has no a"},
		{"a claim of too much", lyingZip(t, 1<<30, "x"), readZip(Member{"a", 1 << 40}), 1 << 20, "its header gives 1073741824 bytes, which is impossible"},
		{"a claim of too little", lyingZip(t, 5, strings.Repeat("x", 100_000)), readZip(Member{"a", 1 << 20}), 1 << 20, "a in the zip: "},
		{"a zip of many files", manyZip(t, 20_000), readZip(Member{"a", 1 << 30}), 5 << 20, "the zip has 20000 files; at most 10000 are allowed"},
		{"a large zip", make([]byte, 100_000), readZip(ab...), 1 << 20, "it has more than 20000 bytes"},
		{"CIFAR's images", tarBomb(t, "c/data_batch_1.bin", 62_000_000), readTarGz(cifar...), 1 << 20, "c/data_batch_1.bin in the archive: it has more than 61460000 bytes"},
		{"CIFAR's names", tarBomb(t, "c/batches.meta.txt", 1<<20), readTarGz(cifar...), 1 << 20, "batches.meta.txt in the archive: it has more than 65536 bytes"},
		{"another file of an archive", tarBomb(t, "x", otherContent+1<<20), readTarGz(ab...), 1 << 20, "it unpacks to more than 67128864 bytes"},
		{"bytes after the end of an archive", zeros(t, otherContent+1<<20), readTarGz(ab...), 1 << 20, "it unpacks to more than 67128864 bytes"},
		{"bzip2", []byte(bomb), readPacked(Member{"x", 1 << 20}), 8 << 20, "it unpacks to more than 1048576 bytes"},
		{"bzip2 of a larger bound", []byte(bomb), readPacked(Member{"x", 16 << 20}), 60 << 20, "it unpacks to more than 16777216 bytes"},
		{"a file in a folder", make([]byte, 1<<20), func(path string) error {
			return os.Rename(path, filepath.Join(filepath.Dir(path), "a"))
		}, 1 << 20, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.bz2")
			if err := os.WriteFile(path, c.content, 0o666); err != nil {
				t.Fatal(err)
			}
			var err error
			used := testenv.Allocated(func() { err = c.read(path) })
			if c.want == "" { // the file has its name now
				_, _, err = ReadFolder(filepath.Dir(path), ab...)
				c.want = "a: it has more than 10000 bytes"
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, wants %s", err, c.want)
			}
			if used > c.most+4*uint64(len(c.content)) {
				t.Errorf("%d bytes of memory for a file of %d, more than %d", used, len(c.content), c.most)
			}
		})
	}
}

// zeros is a gzip file of zeros: a tar file that ends at once.
func zeros(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := fastGzip(t, &b)
	if _, err := z.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Files of short lines take up a small multiple of their size.
func TestMemoryForTextIsBounded(t *testing.T) {
	movieLens := func(file, text string) func() error {
		raw := tiny()
		raw[file] = []byte(text)
		return func() error { _, err := ParseMovieLens(raw); return err }
	}
	lfm := func(file, text string) func() error {
		raw := tinyLFM()
		raw[file] = []byte(text)
		return func() error { _, err := ParseLFM(raw); return err }
	}
	const size = 4 << 20
	empty, tabs := strings.Repeat("\n", size), strings.Repeat("\t\n", size/2)
	for name, parse := range map[string]func() error{
		"ratings that are empty": movieLens(RatingsFile, empty),
		"ratings of empty lines": movieLens(RatingsFile, empty+"x"),
		"users of empty lines":   movieLens(UsersFile, empty+"x"),
		"movies of empty lines":  movieLens(MoviesFile, empty+"x"),
		"movies of one line":     movieLens(MoviesFile, strings.Repeat("::", size/2)),
		"plays of empty lines":   lfm(LFMPlaysFile, empty+"x"),
		"plays of one pair":      lfm(LFMPlaysFile, strings.Repeat("0\t0\t1\n", size/6)),
		"users of LFM, empty":    lfm(LFMUsersFile, empty+"x"),
		"tracks of empty names":  lfm(LFMTracksFile, tabs),
		"tracks of empty lines":  lfm(LFMTracksFile, empty+"x"),
		"classes of CIFAR, empty": func() error {
			_, err := CIFAR10.Parse(Raw{"batches.meta.txt": []byte(empty[:64<<10] + "x")})
			return err
		},
		"classes of CIFAR that are long": func() error {
			_, err := CIFAR10.Parse(Raw{"batches.meta.txt": []byte(strings.Repeat("x", size))})
			return err
		},
	} {
		var err error
		used := testenv.Allocated(func() { err = parse() })
		// The users of LFM take 48 bytes each, and there may be a million.
		if most := uint64(16*size + 1<<20); err == nil || used > most || len(err.Error()) > 500 {
			t.Errorf("%s: %d bytes of memory for %d bytes of text, more than %d (%.300v)", name, used, size, most, err)
		}
	}
}
