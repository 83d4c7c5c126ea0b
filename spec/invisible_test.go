package spec

import (
	"strings"
	"testing"
)

// What an editor does not show is named where it stands.
func TestInvisibleCharactersAreNamedWithTheirPlaces(t *testing.T) {
	const head = "name: x\n"
	for _, c := range []struct{ name, spec, want string }{
		{"unknown field", head + "stages: {a: {uses: k, with\u00a0: {}}}",
			`x.yaml:2:23: a stage has no field "with\u00a0"; did you mean "with"? It contains U+00A0 NO-BREAK SPACE at 2:27`},
		{"unknown stage", head + "stages:\n  a: {uses: k}\n  b: {uses: k, needs: {x: a\u200b}}",
			`no stage "a\u200b"; did you mean "a"? It contains U+200B ZERO WIDTH SPACE at 4:28`},
		{"name of a stage", head + "stages: {mo\u200ddel: {uses: k}}", `it contains U+200D ZERO WIDTH JOINER at 2:12`},
		{"bad value", head + "seed: 42\u00a0\nstages: {a: {uses: k}}", `seed must be a whole number, not the text "42\u00a0"; it contains U+00A0 NO-BREAK SPACE at 2:9`},
		{"space before a value", head + "seed: \u202f42\nstages: {a: {uses: k}}", `it contains U+202F NARROW NO-BREAK SPACE at 2:7`},
		{"no space after a colon", head + "stages: {a: {uses: k, with:\u00a0{}}}", `U+00A0 NO-BREAK SPACE at 2:28`},
		{"indented by no-break spaces", head + "stages:\n  a: {uses: k}\n\u00a0 b: {uses: k}\n", `U+00A0 NO-BREAK SPACE at 4:1`},
		{"an expression", head + "vars: {n: 1}\nstages: {a: {uses: k, with: {x: \"${vars.n\u2060}\"}}}", `U+2060 WORD JOINER at 3:42`},
		{"a var", head + "vars: {n: 1, y: \"${vars.m\u200b}\"}\nstages: {a: {uses: k}}", `U+200B ZERO WIDTH SPACE`},
		{"direction", head + "stages: {a: {uses: k, \u202ewith: {}}}", `U+202E RIGHT-TO-LEFT OVERRIDE at 2:23`},
		{"byte order mark inside", head + "stages: {a: {uses: k}}\n\ufeffseed: 1", `x.yaml:3:1: U+FEFF BYTE ORDER MARK inside the text; remove it`},
		{"two byte order marks", "\ufeff\ufeff" + head + "stages: {a: {uses: k}}", `x.yaml:1:1: U+FEFF BYTE ORDER MARK inside the text`},
		{"syntax", head + "stages:\n  a:\n\u3000\u3000uses: k\n  - b\n", `U+3000 IDEOGRAPHIC SPACE`},
		{"a line end", head + "stages: {a: {uses: k,\u2028 with: {x: 1}}\n", `line 2 ends in U+2028 LINE SEPARATOR`},
		{"in the line before", "name:\u00a0x\nstages: {a: {uses: k}}", `x.yaml:2:7: a ':' is not allowed here: text that holds ": " needs quotes, and a nested key belongs on a line of its own; there is U+00A0 NO-BREAK SPACE at 1:6`},
		{"behind a bracket", head + "stages: {a: {uses: k}}\u200b\n", `there is U+200B ZERO WIDTH SPACE at 2:23`},
		{"not located", head + "stages: {a: {uses: \"k\", \"wi\\u00a0th\": {}}}", `did you mean "with"? It contains U+00A0 NO-BREAK SPACE` + "\n"},
		{"UTF-16", "\xff\xfen\x00a\x00", `x.yaml:1:1: UTF-16 text; save it as UTF-8`},
		{"an axis", head + "stages: {a: {uses: k, matrix: {fo\u00adld: [1]}}}", `U+00AD SOFT HYPHEN at 2:34`},
	} {
		_, err := Parse("x.yaml", []byte(c.spec), Options{})
		if err == nil {
			t.Errorf("%s: no error", c.name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got\n%v\nwant %s", c.name, err, c.want)
		}
	}
}

// Free text may hold anything, and is not blamed for errors at other places.
func TestInvisibleCharactersInFreeTextAreNoCause(t *testing.T) {
	const title = "title: \"10\u00a0%\u200b of \u2066x\u2069\"\n"
	if _, err := Parse("x.yaml", []byte(title+"name: x\nstages: {a: {uses: k}}"), Options{}); err != nil {
		t.Errorf("%v", err)
	}
	for _, rest := range []string{
		"name: x\nstages: {a: {uses: k, wiht: {}}}", "name: 7\nstages: {a: {uses: k}}", "name: x\nstages: {a: {uses: k}", "name: x # a\u00a0b\nstages: [",
		"cites: 10\u00a0% of: x\nname: x",
	} {
		_, err := Parse("x.yaml", []byte(title+rest), Options{})
		if err == nil || strings.Contains(err.Error(), "U+") {
			t.Errorf("%q: %v", rest, err)
		}
	}
}

func TestNameInvisible(t *testing.T) {
	for name, want := range map[string]string{
		"train.py":             "",
		"train.py\u00a0":       "; it contains U+00A0 NO-BREAK SPACE",
		"tr\u200b\u00a0ain.py": "; it contains U+200B ZERO WIDTH SPACE",
		"a\ufe0fb":             "; it contains U+FE0F VARIATION SELECTOR",
		"a\U000e0041b":         "; it contains U+E0041 an invisible character",
	} {
		if got := NameInvisible(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}
