package digest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The text and the key of one piece of work with a line of every part, so that changing
// either is never an accident: every result in every cache would be made again.
func TestTextAndKeyArePinned(t *testing.T) {
	zip, fold := Of([]byte("zip")).String(), Of([]byte("fold")).String()
	k := append(NewKeyLines("train/x", 3),
		KeyLine{PartParameter, "epochs", "200"},
		KeyLine{PartParameter, "adversaries[0].attribute", `"gender"`},
		KeyLine{PartParameter, `names."a = b"`, `"c = d"`},
		KeyLine{PartSeed, "", "42"},
		KeyLine{PartBackend, "", `"go"`},
		KeyLine{PartLibrary, "", `"gomlx 0.28.8"`},
		KeyLine{PartSource, "ml-1m.zip", zip},
		KeyLine{PartInput, "data", fold},
		KeyLine{PartGather, "utility", "2"},
		KeyLine{PartInput, "utility[fold=0,name=x y]", fold},
		KeyLine{PartInput, `utility[fold=1,name="] 7"]`, zip},
		KeyLine{PartGather, "one", "1"},
		KeyLine{PartInput, "one[]", zip},
	)
	text := `foil key 1
kind "train/x" version 3
with epochs = 200
with adversaries[0].attribute = "gender"
with names."a = b" = "c = d"
seed 42
backend "go"
library "gomlx 0.28.8"
source "ml-1m.zip" ` + zip + `
need "data" ` + fold + `
gather "utility" 2
cell [fold=0,name=x y] ` + fold + `
cell [fold=1,name="] 7"] ` + zip + `
gather "one" 1
cell [] ` + zip + `
`
	if got := string(k.Text()); got != text {
		t.Errorf("text\n%s", got)
	}
	if got := k.Key().String(); got != "dec39d57acccb82e8e56a7b6807a4d85488fd1e025c43f3070309d5f334ce688" {
		t.Errorf("key %s", got)
	}
	if k.Key() != KeyOf(text) {
		t.Error("the key is not that of the text")
	}
	if read, err := KeyText(text).Lines(); err != nil || !slices.Equal(read, k) {
		t.Errorf("%v, read\n%v\nof\n%v", err, read, k)
	}
}

// randomName is a name as a spec may hold it: also with what looks like syntax.
func randomName(r *rand.Rand) string {
	const letters = "ab \"[]=,\\\n\té/#'"
	runes := []rune(letters)
	name := make([]rune, 1+r.IntN(6))
	for i := range name {
		name[i] = runes[r.IntN(len(runes))]
	}
	return string(name)
}

// randomLines are lines as a plan writes them: parameters in their canonical form, needs
// before gathers, and coordinates as cells are named by.
func randomLines(r *rand.Rand) KeyLines {
	k := NewKeyLines(randomName(r), r.IntN(10))
	add := func(part Part, name, value string) { k = append(k, KeyLine{part, name, value}) }
	hash := func() string { return Of([]byte{byte(r.IntN(256))}).String() }
	for i := range r.IntN(4) {
		add(PartParameter, fmt.Sprintf("p%d[%d].%s", i, r.IntN(3), []string{"x", `"q = r"`}[r.IntN(2)]), fmt.Sprintf("%q", randomName(r)))
	}
	if r.IntN(2) == 0 {
		add(PartSeed, "", fmt.Sprint(r.Uint64()))
	}
	if r.IntN(2) == 0 {
		add(PartBackend, "", fmt.Sprintf("%q", randomName(r)))
		add(PartLibrary, "", fmt.Sprintf("%q", randomName(r)))
	}
	for range r.IntN(3) {
		add(PartPackage, randomName(r), fmt.Sprintf("%q", randomName(r)))
	}
	for range r.IntN(3) {
		add(PartSource, randomName(r), hash())
	}
	for range r.IntN(3) {
		add(PartInput, randomName(r), hash())
	}
	for range r.IntN(3) {
		name, n := randomName(r), r.IntN(4)
		add(PartGather, name, fmt.Sprint(n))
		for i := range n {
			axes := "[]"
			if r.IntN(3) > 0 {
				axes = fmt.Sprintf("[fold=%d,name=%q]", i, randomName(r))
			}
			add(PartInput, name+axes, hash())
		}
	}
	return k
}

func TestLinesAreReadAsTheyWereWritten(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 0))
		k := randomLines(r)
		read, err := k.Text().Lines()
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, k)
		}
		if !slices.Equal(read, k) || k.Text().Key() != k.Key() {
			t.Fatalf("seed %d: read\n%q\nof\n%q", seed, read, k)
		}
	}
}

// A text that would be written differently belongs to a different key.
func TestTextsThatFoilWouldWriteDifferentlyAreRefused(t *testing.T) {
	head := "foil key 1\nkind \"a\" version 1\n"
	hash := Of(nil).String()
	for name, text := range map[string]string{
		"no end of the last line":       strings.TrimSuffix(head, "\n"),
		"an empty line":                 head + "\n",
		"an unknown word":               head + "wish x = 1\n",
		"another case":                  head + "With x = 1\n",
		"a setting without =":           head + "with x\n",
		"a setting without room":        head + "with x=1\n",
		"a kind without a version":      "foil key 1\nkind \"a\" 1\n",
		"a kind without quotes":         "foil key 1\nkind a version 1\n",
		"a name in other quotes":        head + "source 'a' " + hash + "\n",
		"a name with a needless escape": head + "source \"\\x61\" " + hash + "\n",
		"a name without a value":        head + "need \"a\"\n",
		"two spaces behind the name":    head + "need \"a\"  " + hash + " \n\n",
		"a cell without a digest":       head + "gather \"a\" 1\ncell []\n",
		"a cell that nothing gathers":   head + "cell [x=1] " + hash + "\n",
		"a cell without coordinates":    head + "gather \"a\" 1\ncell x " + hash + "\n",
		"a gathered input as a need":    head + "gather \"a\" 1\nneed \"a[x=1]\" " + hash + "\n",
	} {
		if k, err := KeyText(text).Lines(); err == nil {
			t.Errorf("%s: read as %q", name, k)
		}
	}
}

// A name in quotes may hold what ends a name.
func TestParameterLineKnowsWhereTheNameEnds(t *testing.T) {
	for line, want := range map[string][2]string{
		"n = 1":                         {"n", "1"},
		`text = "a = b"`:                {"text", `"a = b"`},
		`by."a = b".x = "c"`:            {`by."a = b".x`, `"c"`},
		`by."a\" = b"[0]."" = [1, "="]`: {`by."a\" = b"[0].""`, `[1, "="]`},
		`"` + ` = 1`:                    {`"`, "1"},
		"n":                             {"n", ""},
	} {
		if l := ParameterLine(line); l != (KeyLine{PartParameter, want[0], want[1]}) {
			t.Errorf("%s: %q", line, l)
		}
	}
}

func TestSortedPutsEveryPartInItsPlace(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		k := randomLines(r)
		before, shuffled := slices.Clone(k), slices.Clone(k)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		a, b := k.Sorted(), shuffled.Sorted()
		for i := range a {
			if a[i].Compare(b[i]) != 0 || i > 0 && a[i-1].Compare(a[i]) > 0 {
				t.Fatalf("seed %d: %q and %q", seed, a, b)
			}
		}
		if !slices.Equal(k, before) {
			t.Fatalf("seed %d: the lines themselves were sorted", seed)
		}
	}
}

// FuzzKeyLines checks that key lines are written exactly as they were read. Otherwise a record
// could be used for a wrong key.
func FuzzKeyLines(f *testing.F) {
	f.Add("foil key 1\nkind \"a\" version 1\nwith x = 1\nneed \"a\" 00\ngather \"b\" 2\ncell [x=1] 11\ncell [] 12\n")
	f.Add("foil key 1\nkind \"\\n\\\"\" version 1\nwith a.\"b = c\" = \"d = e\"\nseed 18446744073709551615\nbackend \"go\"\nlibrary \"x 1\"\nsource \"a b\" 00\n")
	f.Add("need\ncell\nwith = \n\n")
	f.Add("gather \"\" 1\ncell [] 1\nneed \"[]\" 1\n")
	f.Add("gather \"a\" 1\ngather \"a[\" 1\ncell [] 1\nneed \"a[x\" 1\n")
	for seed := range uint64(5) {
		f.Add(string(randomLines(rand.New(rand.NewPCG(seed, 2))).Text()))
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, err := KeyText(text).Lines()
		if err != nil {
			return
		}
		if string(k.Text()) != text || k.Key() != KeyOf(text) {
			t.Errorf("%q is read as %q", text, k)
		}
		if again, err := k.Text().Lines(); err != nil || !slices.Equal(again, k) {
			t.Errorf("%q is read as %q, and then as %q: %v", text, k, again, err)
		}
		for _, l := range k {
			_ = l.Part.String() // every part has a name for people
		}
		k.Sorted()
	})
}
