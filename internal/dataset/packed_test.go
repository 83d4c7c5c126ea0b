package dataset

import (
	"encoding/base64"
	"foil/internal/digest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packedHello is "hello\n" as bzip2 -9 packs it.
const packedHello = "QlpoOTFBWSZTWcHAgOIAAAFBAAAQAkSgADDNAMNGKZcXckU4UJDBwIDi"

func inFolder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func fromBase64(t testing.TB, text string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPackedFilesStandInForPlainOnes(t *testing.T) {
	hello := fromBase64(t, packedHello)
	digests := map[digest.Digest]bool{}
	for name, files := range map[string]map[string]string{
		"plain":  {"a": "hello\n", "b": "hello\n"},
		"packed": {"a.bz2": hello, "b.bz2": hello},
		"mixed":  {"a": "hello\n", "b.bz2": hello},
		"both":   {"a": "hello\n", "a.bz2": "not looked at", "b": "hello\n", "b.bz2": "likewise"},
	} {
		p, digest, err := ReadPacked(inFolder(t, files), ab...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		digests[digest] = true
		raw, err := p.Unpack()
		if err != nil || string(raw["a"]) != "hello\n" || string(raw["b"]) != "hello\n" || len(raw) != 2 {
			t.Errorf("%s: %q, %v", name, raw, err)
		}
	}
	if len(digests) != 3 {
		t.Errorf("%d digests of plain, packed, mixed and once more plain files", len(digests))
	}
}

func TestBadPackedFilesAreRefused(t *testing.T) {
	hello := fromBase64(t, packedHello)
	for _, c := range []struct{ name, content, want string }{
		{"cut off", hello[:len(hello)-3], "not a complete bzip2 file"},
		{"damaged", hello[:20] + "x" + hello[21:], "not a complete bzip2 file"},
		{"another file", "<html>Please log in</html>", "not a complete bzip2 file (truncated, damaged, or a different type of file; 26 bytes)"},
		{"empty", "", "not a complete bzip2 file"},
	} {
		p, _, err := ReadPacked(inFolder(t, map[string]string{"a.bz2": c.content}), ab[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Unpack(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Join(p.dir, "a.bz2")) {
			t.Errorf("%s: error is %v, wants %s and the path", c.name, err, c.want)
		}
	}
	dir := inFolder(t, map[string]string{"a": "x"})
	if _, _, err := ReadPacked(dir, ab...); err == nil || !strings.Contains(err.Error(), dir+" has neither b nor b.bz2 (a, b are needed") {
		t.Errorf("a file missing: %v", err)
	}
}

func TestUnpackingStopsAtABound(t *testing.T) {
	hello := []byte(fromBase64(t, packedHello))
	if b, err := unbzip2(hello, 6); err != nil || string(b) != "hello\n" {
		t.Errorf("as long as allowed: %q, %v", b, err)
	}
	if _, err := unbzip2(hello, 5); err == nil || err.Error() != "it unpacks to more than 5 bytes" {
		t.Errorf("longer: %v", err)
	}
}

func FuzzUnbzip2(f *testing.F) {
	f.Add([]byte(fromBase64(f, packedHello)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := unbzip2(b, 1<<16); err == nil && len(out) > 1<<16 {
			t.Fatalf("%d bytes", len(out))
		}
	})
}
