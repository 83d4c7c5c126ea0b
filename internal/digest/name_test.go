package digest

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestNamesMustBeLocalOnEverySystem(t *testing.T) {
	for _, good := range []string{
		"a", "train.arrow", "a/b/c.csv", "A b", ".hidden", "..a", "a..b", "é/日本 語", "com", "com10", "lpt", "console.txt", "auxiliary",
		"it's 100% \"fine\" <here>", strings.Repeat("n", 255), strings.Repeat("abc/", 255) + "abc", "emoji-👩‍🔬",
	} {
		if err := CheckName(good); err != nil {
			t.Errorf("%q %v", good, err)
		}
		if !filepath.IsLocal(filepath.FromSlash(good)) {
			t.Errorf("%q is not local here", good)
		}
	}
	for _, bad := range []string{
		"", ".", "..", "../x", "a/../b", "a/..", "/etc/x", "//host/x", "a//b", "a/", "./a", "a/./b",
		`..\x`, `a\b`, `C:x`, "C:/x", "a:stream", `\\?\C:\x`,
		"a\x00b", "\x1b[31mx", "a\nb", "a\tb", "a\x7f", "a\u0085b", "a\u2028b", "a\u202eb", "a\u2066b", "\xff", "a\xc3",
		"CON", "nul", "Aux.txt", "dir/COM1", "lpt9.tar.gz", "com¹", "PRN .x", "conout$", "a/NUL/b",
		"a.", "a ", "a./b", "a /b", "...",
		strings.Repeat("n", 256), strings.Repeat("abc/", 256) + "abc",
	} {
		if err := CheckName(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestFilesAreSortedAndDifferentEverywhere(t *testing.T) {
	files := func(names ...string) (list []File) {
		for _, name := range names {
			list = append(list, File{Name: name})
		}
		return list
	}
	for _, good := range [][]string{
		{"a"}, {"a", "b"}, {"B", "a"}, {"a", "a-b", "b/c", "b/d"}, {"a.b/c", "a/b"}, {"A/x", "a/y"}, {"é", "ê"},
	} {
		if err := CheckFiles(files(good...)); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range [][]string{
		{"a", "a"}, {"b", "a"}, {"A", "a"}, {"A/b", "a/B"}, {"E\u0301", "\u00e9"}, {"STRASSE", "straße"},
		{"a", "a/b"}, {"a", "a-b", "a/b"}, {"A", "a/b/c"}, {"a", "../b"}, {"a\x1b"},
	} {
		if err := CheckFiles(files(bad...)); err == nil {
			t.Errorf("%q are accepted", bad)
		}
	}
}

// FuzzCheckName compares the rule with that of the system.
func FuzzCheckName(f *testing.F) {
	for _, seed := range []string{"a/b", "../x", "/x", "a\x00", "C:x", "nul", `a\b`, "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		err := CheckName(name)
		if err == nil && (!filepath.IsLocal(filepath.FromSlash(name)) || filepath.ToSlash(filepath.Clean(filepath.FromSlash(name))) != name) {
			t.Errorf("%q is accepted", name)
		}
		if err == nil && CheckText(name) != nil {
			t.Errorf("%q has control characters", name)
		}
	})
}
