package main

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

func TestWrapText(t *testing.T) {
	const message = "46 cells: 0 cached, 10 made, 36 not finished, in 37.15s (6.18s CPU, peak 57.1 MB in model[age=0,fold=1,gender=0])"
	for _, c := range []struct {
		name, text string
		width      int
		want       string
	}{
		{"fits", "foil: short\n", 20, "foil: short\n"},
		{"the last column stays empty", "abcd efgh", 9, "abcd\n  efgh"},
		{"between words", message, 60, "46 cells: 0 cached, 10 made, 36 not finished, in 37.15s\n  (6.18s CPU, peak 57.1 MB in model[age=0,fold=1,gender=0])"},
		{"at 80", message, 80, "46 cells: 0 cached, 10 made, 36 not finished, in 37.15s (6.18s CPU, peak\n  57.1 MB in model[age=0,fold=1,gender=0])"},
		{"at 120", message, 120, "46 cells: 0 cached, 10 made, 36 not finished, in 37.15s (6.18s CPU, peak 57.1 MB in model[age=0,fold=1,gender=0])"},
		{"long words stay whole", "log: /a/very/long/path/that/does/not/fit and more", 20, "log: /a/very/long/path/that/does/not/fit and more"},
		{"a path in a sentence", "writing /a/very/long/path/that/does/not/fit and more", 20, "writing\n  /a/very/long/path/that/does/not/fit\n  and more"},
		{"a path with spaces", "x failed and failed\n  log of a[s=p q]: /my data/x y/log\n  log: /my data/x y/log", 16, "x failed and\n  failed\n  log of a[s=p q]: /my data/x y/log\n  log: /my data/x y/log"},
		{"a report in a folder with spaces", "report: my results/of the year/table", 16, "report: my results/of the year/table"},
		{"what a program printed", "  a: b failed with\n      File \"x y.py\", line 3, in <module>\n        raise E\n    and it ran in a folder", 20, "  a: b failed with\n      File \"x y.py\", line 3, in <module>\n        raise E\n    and it ran in a\n      folder"},
		{"several lines with indents", "a: b\n  sh ended with exit status 3 and said so", 24, "a: b\n  sh ended with exit\n    status 3 and said\n    so"},
		{"wide characters", "模型 模型 模型 模型 模型", 12, "模型 模型\n  模型 模型\n  模型"},
		{"no width", "a b c", 1, "a b c"},
		{"a line of a spec", "x.yaml:3:41: no\n    3 | a: {uses: train/x, with: {epochs: 3, latent: four, rate: 0.1,seed: 12345}}\n      |                                             ^", 60,
			"x.yaml:3:41: no\n    3 | …rain/x, with: {epochs: 3, latent: four, rate: 0.1…\n      |                                   ^"},
		{"the beginning of a long line of a spec", "x: no\n    3 | abcdefghijklmnop\n      |  ^", 18, "x: no\n    3 | abcdefgh…\n      |  ^"},
		{"the end of a long line of a spec", "x: no\n    3 | abcdefghijklmnop\n      |               ^", 18, "x: no\n    3 | …ijklmnop\n      |        ^"},
	} {
		got := wrapText(c.text, c.width, "  ")
		if got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// No line of the help is wider than a terminal of 80 columns.
func TestHelpFits(t *testing.T) {
	root := newRoot(nil)
	for _, c := range append(root.Commands(), root) {
		var out strings.Builder
		c.SetOut(&out)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if w := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); w > 80 {
				t.Errorf("foil help %s: %d columns: %s", c.Name(), w, line)
			}
		}
		if !strings.Contains(out.String(), "Usage:") {
			t.Errorf("foil help %s:\n%s", c.Name(), out.String())
		}
	}
}

func TestHelpOfANarrowTerminal(t *testing.T) {
	const long = `gc removes files
and more. It removes results only with these flags, which are many:

  --keep EXPERIMENT  remove all results except those of these experiments, with
                     --set as they were run
  --older AGE        remove results that were not used for this time
  - a list item that is long enough for a second line of its own

The end.`
	const want = `gc removes files and more. It removes
results only with these flags, which
are many:

  --keep EXPERIMENT  remove all results
                     except those of
                     these experiments,
                     with --set as they
                     were run
  --older AGE        remove results
                     that were not used
                     for this time
  - a list item that is long enough for
    a second line of its own

The end.`
	if got := paragraphs(long, 40); got != want {
		t.Errorf("got\n%s", got)
	}
}
