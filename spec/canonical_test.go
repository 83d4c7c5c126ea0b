package spec

import (
	"math"
	"testing"
)

func TestCanonicalIsReadable(t *testing.T) {
	v := parseValue(t, `{attribute: "a\nb", adversaries: [{attribute: age, layers: []}], raw: {z: 1, a: [1, [], {}]}, labels: {x.y: "1"}, verbose: true}`)
	p, err := testParams.Decode(v)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/canonical.golden", Canonical(p))
	if Canonical(p) != Canonical(*p) {
		t.Error("a pointer and what it points to differ")
	}
	if Canonical(nil) != "" || Canonical((*params)(nil)) != "" {
		t.Error("no parameters have a text")
	}
}

// same and other are decoded over the defaults and compared with a plain text.
func TestSameMeaningSameText(t *testing.T) {
	const base = `{attribute: x, rate: 400, k: [10, 20], raw: {a: 1, b: [2]}, where: {p: 1000000, q: x}}`
	same := []string{
		`{attribute: "x", rate: 400.0, k: [10,20], raw: {a: 1, b: [2]}, where: {p: 1000000, q: x}}`,
		`{where: {q: 'x', p: 1e6}, raw: {b: [2.0], a: 1.0}, k: [0xa, 20], rate: 4e2, attribute: x}`,
		`{attribute: x, rate: 400, k: [10, 20], raw: {a: 1, b: [2]}, where: {p: 1000000, q: x}, adversaries: [], names: [age, gender], labels: {}, limit: null, epochs: 200}`,
		`{attribute: x, rate: 400, k: [10, 20], raw: {a: 1, b: [2]}, where: {p: 1000000, q: x}, verbose: true}`,
	}
	other := []string{
		`{attribute: y, rate: 400, k: [10, 20], raw: {a: 1, b: [2]}, where: {p: 1000000, q: x}}`,
		`{attribute: x, rate: 400.00000001, k: [10, 20], raw: {a: 1, b: [2]}, where: {p: 1000000, q: x}}`,
		`{attribute: x, rate: 400, k: [20, 10], raw: {a: 1, b: [2]}, where: {p: 1000000, q: x}}`,
		`{attribute: x, rate: 400, k: [10, 20], raw: {a: "1", b: [2]}, where: {p: 1000000, q: x}}`,
		`{attribute: x, rate: 400, k: [10, 20], raw: {a: 1, b: [[2]]}, where: {p: 1000000, q: x}}`,
		`{attribute: x, rate: 400, k: [10, 20], raw: {a: 1, b: 2}, where: {p: 1000000, q: x}}`,
		`{attribute: x, rate: 400, k: [10, 20], raw: {a: 1, b: [2]}, where: {p: 1000000, q: x}, limit: 0}`,
	}
	text := func(yaml string) string {
		p, err := testParams.Decode(parseValue(t, yaml))
		if err != nil {
			t.Fatal(err)
		}
		return Canonical(p)
	}
	want := text(base)
	for _, s := range same {
		if got := text(s); got != want {
			t.Errorf("%s\nhas another text:\n%s\nwant\n%s", s, got, want)
		}
	}
	for _, s := range other {
		if text(s) == want {
			t.Errorf("%s\nhas the text of another meaning", s)
		}
	}
}

// Distinct raw values have distinct texts, for any names and contents.
func TestCanonicalIsInjective(t *testing.T) {
	type raw struct {
		V Value `yaml:"v"`
	}
	var values []Value
	scalars := []string{"null", "true", "0", "1", "0.5", `""`, `"1"`, `"true"`, `"null"`, "a", `"a.b"`, `"a = 1"`, `"[1]"`, `"{}"`, `"\n"`, `"v = 1\nv"`}
	for _, s := range scalars {
		values = append(values, parseValue(t, s))
	}
	keys := []string{"a", "b", "a.b", "a[0]", "", "v", `"`, "a = 1", "\n"}
	for depth := 0; depth < 2; depth++ {
		leaves := values[:min(len(values), 60)]
		values = append(values, Value{Type: List}, Value{Type: Map})
		for i, leaf := range leaves {
			next := leaves[(i*7+3)%len(leaves)]
			values = append(values, Value{Type: List, List: []Value{leaf}}, Value{Type: List, List: []Value{leaf, next}})
			for k, key := range keys {
				values = append(values, Value{Type: Map, Map: []Field{{Name: key, Value: leaf}}})
				if other := keys[(k+1)%len(keys)]; k%2 == 0 {
					values = append(values, Value{Type: Map, Map: []Field{{Name: key, Value: leaf}, {Name: other, Value: next}}})
				}
			}
		}
	}
	seen := map[string]Value{}
	for _, v := range values {
		text := Canonical(raw{v})
		if first, ok := seen[text]; ok && !first.Equal(v) {
			t.Errorf("%v and %v have one text:\n%s", first, v, text)
		}
		seen[text] = v
	}
	t.Logf("%d values, %d texts", len(values), len(seen))
}

func TestFloatsHaveTheShortestTextThatReadsBack(t *testing.T) {
	tests := map[float64]string{
		0: "0", math.Copysign(0, -1): "0", 0.1: "0.1", 400: "400", -2.5: "-2.5", 1e-7: "1e-07", 1e6: "1000000",
		1 << 60: "1152921504606846976", 1e300: "1e+300", 1.0 / 3: "0.3333333333333333",
	}
	for f, want := range tests {
		if got := formatFloat(f); got != want {
			t.Errorf("%v is written %s, want %s", f, got, want)
		}
	}
	type single struct {
		F float32 `yaml:"f"`
	}
	if got, want := Canonical(single{0.1}), "f = 0.1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEqual(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"1", "1.0", true}, {"1", `"1"`, false}, {"1", "true", false}, {"9007199254740993", "9007199254740992.0", false},
		{"1.5", "1.5", true}, {"null", "null", true}, {"null", `""`, false},
		{"[1, a]", "[1.0, a]", true}, {"[1, a]", "[a, 1]", false}, {"[1]", "[1, 1]", false}, {"[]", "{}", false},
		{"{a: 1, b: 2}", "{b: 2, a: 1}", true}, {"{a: 1}", "{b: 1}", false}, {"{a: 1}", "{a: 1, b: 2}", false},
	}
	for _, tt := range tests {
		a, b := parseValue(t, tt.a), parseValue(t, tt.b)
		if a.Equal(b) != tt.want || b.Equal(a) != tt.want {
			t.Errorf("%s equals %s: %v, want %v", tt.a, tt.b, !tt.want, tt.want)
		}
		if same := a.Canonical() == b.Canonical(); a.isScalar() && same != tt.want {
			t.Errorf("%s and %s: the same text %v, want %v", tt.a, tt.b, same, tt.want)
		}
	}
}
