package command

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, yes, no string
	}{
		{"*", "a ä a.b [", ".a"},
		{"*.py", "a.py ä.py b.x.py", ".py .a.py a.pyc py"},
		{"?", "a ä 数", ".  ab"},
		{"a?c", "abc aäc a.c", "ac abbc"},
		{".*", ".a ..a", "a"},
		{".?", ".a", "a. ."},
		{"[.]a", "", ".a"},
		{"[!a]a", "ba", ".a aa"},
		{`\.a*`, ".a .ab", "a"},
		{"[a-c]", "a b c", "d - A"},
		{"[!a-c]", "d -", "a b"},
		{"[^a-c]", "d", "a"},
		{"[]a]", "] a", "b"},
		{"[!]a]", "b", "] a"},
		{"[a-]", "a -", "b"},
		{"[-a]", "a -", "b"},
		{`[\]]`, "]", `\`},
		{"[[:digit:]x]", "7 x", "a : d"},
		{"[[:alpha:]]", "a ä", "1 ["},
		{"[![:upper:]]", "a", "A"},
		{"[:digit:]", "d :", "7"},
		{"[z-a]", "", "a z b"},
		{"[ä-ö]", "ä ö", "a"},
		{"[", "[", "a"},
		{"a[1.py", "a[1.py", "a1.py a1"},
		{"a[1*", "a[1.py", "a1"},
		{`\*`, "*", `a \*`},
		{`a\`, `a\`, "a"},
		{"*a*b*c", "abc xaybzc aabbcc", "acb ab"},
		{"**", "a ab", ".a"},
		{"a*", "a ab", "ba"},
	} {
		for name := range strings.FieldsSeq(c.yes) {
			if !matches(c.pattern, name) {
				t.Errorf("%q does not match %q", c.pattern, name)
			}
		}
		for name := range strings.FieldsSeq(c.no) {
			if matches(c.pattern, name) {
				t.Errorf("%q matches %q", c.pattern, name)
			}
		}
	}
	if matches("*a*a*a*a*a*a*a*a*b", strings.Repeat("a", 5000)) { // takes long with more backtracking
		t.Error("no b is there")
	}
}

func TestGlob(t *testing.T) {
	root := fstest.MapFS{}
	for _, name := range []string{
		"a.py", "b.py", ".#a.py", "._a.py", "a[1].py", "a1.py", "run[0]/x.csv", "run0/y.csv", "what?", "whats",
		"lib/c.py", "lib/x/d.py", "lib/x/.e.py", "lib/.git/f.py", "deep/1/2/3/g.py",
	} {
		root[name] = &fstest.MapFile{}
	}
	for pattern, want := range map[string]string{
		"a.py":          "a.py!",
		"not/there":     "not/there!",
		"*.py":          "a.py a1.py a[1].py b.py",
		".*.py":         ".#a.py ._a.py",
		"a[1].py":       "a[1].py!",
		"a[12].py":      "a1.py",
		`a\[1\].py`:     "a[1].py",
		"run[0]/x.csv":  "run[0]/x.csv!",
		"run[0]/*.csv":  "run[0]/x.csv",
		"run[0-9]/*":    "run0/y.csv",
		"what?":         "what?!",
		"lib/*":         "lib/c.py lib/x",
		"*/*.py":        "lib/c.py",
		"**/*.py":       "a.py a1.py a[1].py b.py deep/1/2/3/g.py lib/c.py lib/x/d.py",
		"lib/**/*.py":   "lib/c.py lib/x/d.py",
		"lib/**/c.py":   "lib/c.py",
		"**/3/*":        "deep/1/2/3/g.py",
		"deep/**":       "deep/1 deep/1/2 deep/1/2/3 deep/1/2/3/g.py",
		"**/1/**/g.py":  "deep/1/2/3/g.py",
		"lib/":          "lib/.git/f.py lib/c.py lib/x/.e.py lib/x/d.py",
		"run*/":         "run0/y.csv run[0]/x.csv",
		"not/":          "",
		"a.py/":         "",
		"a.py/*":        "",
		"*.rb":          "",
		"deep/[1]/*":    "deep/1/2",
		"{a,b}.py":      "{a,b}.py!",
		"run[0]":        "run[0]!",
		"nowhere/*/**":  "",
		"**/**/**/g.py": "deep/1/2/3/g.py",
	} {
		found, err := glob(root, pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		var got []string
		for _, m := range found {
			if m.named {
				m.path += "!"
			}
			got = append(got, m.path)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: got %s, want %s", pattern, got, want)
		}
	}
}

// Links in circles end.
func TestGlobFollowsNoLinksToFolders(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a", "x.py"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..", filepath.Join(dir, "a", "up")); err != nil {
		t.Skip(err)
	}
	root := os.DirFS(dir)
	for pattern, want := range map[string]string{"**/*.py": "a/x.py", "a/up/a/*.py": "a/up/a/x.py", "a/": "a/up a/x.py"} {
		found, err := glob(root, pattern)
		var got []string
		for _, m := range found {
			got = append(got, m.path)
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%s: got %s (%v), want %s", pattern, got, err, want)
		}
	}
}

// FuzzMatches compares patterns of stars and question marks with regular expressions.
func FuzzMatches(f *testing.F) {
	f.Add("a*?b", "axxb")
	f.Add("**", "")
	f.Add("[a-b]*[", "a[")
	f.Add(`\`, "\xff")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		got := matches(pattern, name)
		if strings.ContainsAny(pattern, `[\`) || strings.HasPrefix(name, ".") || !utf8.ValidString(pattern) || !utf8.ValidString(name) {
			return
		}
		text := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		if want := regexp.MustCompile("(?s)^" + text + "$").MatchString(name); got != want {
			t.Errorf("%q and %q: %v", pattern, name, got)
		}
	})
}
