package digest

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

// Work agrees with Lines, which reads everything.
func TestWorkIsThatOfAllLines(t *testing.T) {
	for seed := range uint64(2000) {
		k := randomLines(rand.New(rand.NewPCG(seed, 3)))
		w, err := k.Text().Work()
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, k.Text())
		}
		var inputs []WorkInput
		gather := ""
		for _, l := range k {
			var d Digest
			switch l.Part {
			case PartKind:
				if w.Kind != l.Name || strconv.Itoa(w.Version) != l.Value {
					t.Errorf("seed %d: kind %q version %d", seed, w.Kind, w.Version)
				}
			case PartSeed:
				if w.Seed != l.Value {
					t.Errorf("seed %d: seed %s", seed, w.Seed)
				}
			case PartGather:
				gather = l.Name
			case PartInput:
				d.UnmarshalText([]byte(l.Value))
				name := l.Name
				if gather != "" {
					name = gather
				}
				inputs = append(inputs, WorkInput{name, d})
			}
		}
		if len(inputs) != len(w.Inputs) {
			t.Fatalf("seed %d: %d inputs, want %d", seed, len(w.Inputs), len(inputs))
		}
		for i, in := range inputs {
			if w.Inputs[i] != in {
				t.Errorf("seed %d: input %v, want %v", seed, w.Inputs[i], in)
			}
		}
	}
}

func TestWorkOfAnImpossibleTextIsRefused(t *testing.T) {
	head := "foil key 1\nkind \"a\" version 1\n"
	hash := Of(nil).String()
	for name, text := range map[string]string{
		"empty":                     "",
		"no format":                 "kind \"a\" version 1\n",
		"another format":            "foil key 2\nkind \"a\" version 1\n",
		"no kind":                   "foil key 1\nseed 1\n",
		"two kinds":                 head + "kind \"b\" version 1\n",
		"an empty kind":             "foil key 1\nkind \"\" version 1\n",
		"a version that is none":    "foil key 1\nkind \"a\" version one\n",
		"a version below zero":      "foil key 1\nkind \"a\" version -1\n",
		"a version with a zero":     "foil key 1\nkind \"a\" version 01\n",
		"an input without a digest": head + "need \"a\"\n",
		"half a digest":             head + "need \"a\" " + hash[:32] + "\n",
		"upper-case digits":         head + "need \"a\" ABCDEF" + hash[6:] + "\n",
		"too few cells":             head + "gather \"a\" 2\ncell [x=1] " + hash + "\n",
		"too few cells, and more":   head + "gather \"a\" 2\ncell [x=1] " + hash + "\nneed \"b\" " + hash + "\n",
		"too many cells":            head + "gather \"a\" 0\ncell [] " + hash + "\n",
		"a cell of nothing":         head + "cell [] " + hash + "\n",
		"a terminal's escapes":      head + "with x = \x1b[2J\n",
		"a right-to-left mark":      head + "with x = \u202e\n",
		"not UTF-8":                 head + "with x = \xff\n",
	} {
		if w, err := KeyText(text).Work(); err == nil {
			t.Errorf("%s: read as %+v", name, w)
		}
	}
	if w, err := KeyText(head + "wish x = 1\n").Work(); err != nil || w.Kind != "a" {
		t.Errorf("a line of a later foil: %+v, %v", w, err)
	}
}

func TestDigestHasOneName(t *testing.T) {
	name := Of(nil).String()
	for _, text := range []string{name[1:], name + "0", "E" + name[1:], name[:63] + "B", name[:63] + "g", ""} {
		if new(Digest).UnmarshalText([]byte(text)) == nil || new(Key).UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q is a digest", text)
		}
	}
	if err := new(Digest).UnmarshalText([]byte(name)); err != nil {
		t.Error(err)
	}
}
