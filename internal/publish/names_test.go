package publish

import (
	"foil/internal/digest"
	"slices"
	"strings"
	"testing"
)

func TestFolderNamesOfCells(t *testing.T) {
	long := "table[prompt=" + strings.Repeat("You are careful. ", 40) + "]"
	for _, c := range []struct {
		name  string
		cells []string
		want  []string // without the hash, which * stands for
	}{
		{"plain names stay", []string{"table", "figure[fold=0,lr=0.1]", "table[opt=AdamW]"}, []string{"table", "figure[fold=0,lr=0.1]", "table[opt=AdamW]"}},
		{"what a shell would read", []string{"t[m=a b]", "t[m=a#b]", "t[m=$a]", "t[m=it's]", "t[m=a;b&c]", "t[m=~a%20!{}()`]"}, []string{"t[m=a_b]-*", "t[m=a_b]-*", "t[m=_a]-*", "t[m=its]-*", "t[m=a_b_c]-*", "t[m=_a_20______]-*"}},
		{"a replaced character", []string{"t[m=org/bert]", "t[m=org_bert]", `t[m="org:bert"]`}, []string{"t[m=org_bert]-*", "t[m=org_bert]", "t[m=org_bert]-*"}},
		{"more of them", []string{`t[m="a*b"]`, `t[m="a?b"]`, `t[m="a|b"]`, `t[m="<a>"]`, `t[m="a\\b"]`}, []string{"t[m=a_b]-*", "t[m=a_b]-*", "t[m=a_b]-*", "t[m=_a_]-*", "t[m=a__b]-*"}},
		{"only the case", []string{"t[o=Adam]", "t[o=adam]", "t[o=sgd]"}, []string{"t[o=Adam]-*", "t[o=adam]-*", "t[o=sgd]"}},
		{"case of other letters", []string{"t[o=straße]", "t[o=STRASSE]", "t[o=Ünal]", "t[o=u\u0308nal]", "t[o=ünal]"}, []string{"t[o=straße]-*", "t[o=STRASSE]-*", "t[o=Ünal]-*", "t[o=ünal]-*", "t[o=ünal]-*"}},
		{"devices", []string{"con", "Aux", "com1", "lpt9", "nul", "com10", "console"}, []string{"con_-*", "Aux_-*", "com1_-*", "lpt9_-*", "nul_-*", "com10", "console"}},
		{"dots and spaces at the end", []string{"a.", "a ", "a. ."}, []string{"a-*", "a_-*", "a._-*"}},
		{"invisible characters", []string{"t[m=a\u200db]", "t[m=a\u202eb]", "t[m=a\x07b]", "t[m=a\u00a0b]"}, []string{"t[m=a_b]-*", "t[m=a_b]-*", "t[m=a_b]-*", "t[m=a_b]-*"}},
		{"a long value", []string{long, long + "x"}, []string{"table[prompt=You_are_careful._You*", "table[prompt=You_are_careful._You*"}},
		{"long letters of several bytes", []string{"t[m=" + strings.Repeat("字", 60) + "]"}, []string{"t[m=字*"}},
	} {
		names := FolderNames(c.cells)
		seen := map[string]string{}
		for i, cell := range c.cells {
			got := names[cell]
			start, hashed := strings.CutSuffix(c.want[i], "*")
			if !hashed && got != start || !strings.HasPrefix(got, start) {
				t.Errorf("%s: %q is %q, want %q", c.name, cell, got, c.want[i])
			}
			if len(got) > maxName || got != strings.ToValidUTF8(got, "") || strings.ContainsAny(got, "<>:\"/\\|?* #$&;'`") || strings.TrimRight(got, ".") != got {
				t.Errorf("%s: %q is not a portable name", c.name, got)
			}
			if other, taken := seen[folded(got)]; taken {
				t.Errorf("%s: %q and %q have the same folder %q", c.name, other, cell, got)
			}
			seen[folded(got)] = cell
		}
		slices.Reverse(c.cells)
		for cell, name := range FolderNames(c.cells) {
			if names[cell] != name {
				t.Errorf("%s: %q is %q in one order and %q in another", c.name, cell, names[cell], name)
			}
		}
	}
}

// A cell may be called like the shortened name of another one.
func TestFolderNamesDifferFromShortenedOnes(t *testing.T) {
	short := FolderNames([]string{"t[m=a/b]"})["t[m=a/b]"]
	names := FolderNames([]string{"t[m=a/b]", short})
	if names["t[m=a/b]"] != short || names[short] == short || !strings.HasPrefix(names[short], short+"-") {
		t.Errorf("got %q", names)
	}
}

func TestFolderNameOfAnotherText(t *testing.T) {
	for _, c := range []struct{ readable, id, want string }{
		{"tiny@lambda=0,7", "tiny@lambda=0,7", "tiny@lambda=0,7"},
		{"tiny@lambda=a", `tiny@lambda="a"`, "tiny@lambda=a-"},
		{"tiny", "tiny", "tiny"},
		{"nul", "nul", "nul_-"},
	} {
		got := FolderName(c.readable, c.id)
		if strings.HasSuffix(c.want, "-") {
			got = got[:max(0, len(got)-shortHash)]
		}
		if got != c.want {
			t.Errorf("%q for %q is %q, want %q", c.readable, c.id, got, c.want)
		}
	}
}

// Files that an artifact must not have side by side are no folders side by side either.
func TestFolderNamesAreAsStrictAsFileNames(t *testing.T) {
	for _, pair := range [][2]string{
		{"Table", "table"}, {"\u00e9", "e\u0301"}, {"\u00c9", "e\u0301"}, {"\u03c3", "\u03c2"}, {"\u212a", "k"}, {"stra\u00dfe", "STRASSE"}, {"\u01c5", "\u01c6"},
	} {
		slices.Sort(pair[:])
		if digest.CheckFiles([]digest.File{{Name: pair[0]}, {Name: pair[1]}}) == nil {
			t.Errorf("%q may be two files of an artifact", pair)
		}
		if folded(pair[0]) != folded(pair[1]) {
			t.Errorf("%q may be two folders", pair)
		}
	}
	for _, pair := range [][2]string{{"i", "\u0131"}, {"2", "\u00b2"}, {"1", "\u2460"}} {
		if err := digest.CheckFiles([]digest.File{{Name: pair[0]}, {Name: pair[1]}}); err != nil {
			t.Errorf("%q: %v", pair, err)
		}
		if folded(pair[0]) != folded(pair[1]) {
			t.Errorf("%q may be two folders", pair)
		}
	}
}

func FuzzFolderNamesDiffer(f *testing.F) {
	f.Add("a", "A")
	f.Add("t[m=a/b]", "t[m=a:b]")
	f.Add("con", "CON.")
	f.Fuzz(func(t *testing.T, a, b string) {
		if a == b || a == "" || b == "" { // cells have different names that are not empty
			return
		}
		names := FolderNames([]string{a, b})
		if folded(names[a]) == folded(names[b]) {
			t.Errorf("%q and %q: both %q", a, b, names[a])
		}
		for _, n := range names {
			if n == "" || len(n) > maxName || strings.ContainsAny(n, `<>:"/\|?*`) || strings.TrimRight(n, ". ") != n {
				t.Errorf("%q", n)
			}
		}
	})
}
