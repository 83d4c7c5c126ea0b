package spec

import (
	"slices"
	"strings"
	"testing"
)

func TestCanonicalTextsAreReadAgain(t *testing.T) {
	for _, want := range [][]string{{"sh", "-c", "echo \"1, 2\" >out/x\n\u00a0]"}, {"python3"}, {""}, {`a\b`, "],", "é模"}} {
		line := Canonical(struct {
			Run []string `yaml:"run"`
		}{want})
		value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "run = ")
		if got := CanonicalTexts(value); !ok || !slices.Equal(got, want) {
			t.Errorf("%s is read as %q", line, got)
		}
	}
	for _, value := range []string{"", "1", "[", "[1, 2]", `["a", 2]`, `["a"`, `"a"`, "{}", "[]"} {
		if got := CanonicalTexts(value); got != nil {
			t.Errorf("%s is read as %q", value, got)
		}
	}
}
