package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/rivo/uniseg"

	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/pipeline/run"
	"foil/spec"
)

// TestBarsFitTheTerminal shows a run on terminals of several sizes: no line reaches the
// last column, and percentage, count and times of a cell are there on all of them.
func TestBarsFitTheTerminal(t *testing.T) {
	for _, c := range []struct {
		width, height int
		want          string // the line of the cell, without its times
	}{
		{60, 24, `  model\[age=200,fol.*ender=400\]  45% \|█* +\| \(90/200\) \[\d+s:\d+s\]`},
		{80, 24, `  model\[age=200.*=400\]  45% \|█* +\| \(90/200, \d+ epochs/\S+\) \[\d+s:\d+s\]( loss 2\.346)?`},
		{120, 24, `  model\[age=200,fold=0,gender=400\]  45% \|█{5} {7}\| \(90/200, \d+ epochs/\S+\) \[\d+s:\d+s\] loss 2\.346 best 7`},
		{0, 24, `  model\[age=200,fold=0,gender=400\]  45% \|█+ *\| \(90/200, \d+ epochs/\S+\) \[\d+s:\d+s\]( loss 2\.346)?( best 7)?`},
		{120, 0, `  model\[age=200,fold=0,gender=400\]  45% \|█{5} {7}\| \(90/200, \d+ epochs/\S+\) \[\d+s:\d+s\] loss 2\.346 best 7`},
		{0, 0, `  model\[age=200,fold=0,gender=400\]  45% \|█+ *\| \(90/200, \d+ epochs/\S+\) \[\d+s:\d+s\]( loss 2\.346)?( best 7)?`},
	} {
		t.Run(fmt.Sprintf("%dx%d", c.width, c.height), func(t *testing.T) {
			lines := shown(c.width, c.height, 1)
			limit := c.width
			if limit == 0 {
				limit = 100
			}
			for _, l := range lines {
				if w := uniseg.StringWidth(l); w >= limit {
					t.Errorf("%d columns: %q", w, l)
				}
			}
			if len(lines) != 4 || lines[0] != "note     model[age=200,fold=0,gender=400]: hi" {
				t.Fatalf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
			}
			if want := `^advx-ml-1m  33% \|█+ *\| \(1/3\) \[\d+s\] 2 running$`; !regexp.MustCompile(want).MatchString(lines[1]) {
				t.Errorf("the whole is %q, want %s", lines[1], want)
			}
			if !regexp.MustCompile("^" + c.want + "$").MatchString(lines[2]) {
				t.Errorf("the cell is %q, want %s", lines[2], c.want)
			}
			if lines[3] != "  data ..." {
				t.Errorf("a cell that has told nothing is %q", lines[3])
			}
		})
	}
}

// TestBarsFitInHeight shows more cells than a terminal has lines.
func TestBarsFitInHeight(t *testing.T) {
	for _, c := range []struct {
		height, others, want int
		more                 string
	}{
		{1, 9, 1, ""}, {2, 9, 1, ""}, {3, 9, 1, ""}, {3, 0, 1, ""},
		{4, 0, 2, ""}, {4, 1, 2, "  and 2 more"}, {5, 1, 3, ""}, {6, 9, 4, "  and 8 more"}, {13, 9, 11, ""}, {12, 9, 10, "  and 2 more"},
	} {
		lines := shown(80, c.height, c.others)[1:]
		last := lines[len(lines)-1]
		if len(lines) != c.want || !strings.HasPrefix(lines[0], "advx-ml-1m") || !strings.Contains(lines[0], fmt.Sprintf("%d running", c.others+1)) ||
			(c.more != "") != strings.HasPrefix(last, "  and ") || c.more != "" && last != c.more {
			t.Errorf("height %d:\n%s", c.height, strings.Join(lines, "\n"))
		}
	}
}

// On the smallest terminals no line is longer than the terminal is wide.
func TestBarsFitInAnyWidth(t *testing.T) {
	for width := 1; width < 60; width++ {
		for _, l := range shown(width, 6, 9)[1:] {
			if w := uniseg.StringWidth(l); w >= width {
				t.Errorf("width %d: %d columns: %q", width, w, l)
			}
		}
	}
}

// Names, notes and errors cannot move the cursor or change lines above.
func TestBarsCleanWhatTheyShow(t *testing.T) {
	var out strings.Builder
	b := &bars{out: &out, size: func() (int, int) { return 200, 24 }}
	n := &graph.Node{ID: "a[x=\x1b[2Jy]"}
	b.event(run.RunStarted{Plan: &plan.Plan{Graph: &graph.Graph{Spec: &spec.Spec{Name: "s\x1b[31m"}}, Cells: make([]*plan.Cell, 1)}})
	b.event(run.CellStarted{Node: n})
	b.event(run.CellProgress{Node: n, Progress: pipeline.Progress{Done: 1, Total: 2, Unit: "epochs", Message: "acc\r\x1b]0;t\a0.5\n"}})
	b.event(run.CellNote{Node: n, Text: "hi\u202e\rmade   other"})
	b.event(run.CellRetried{Node: n, Try: 2, Tries: 3, Err: errors.New("first \x1b[1mline\nsecond")})
	b.event(run.CellFailed{Node: n, Err: errors.New("x")})
	b.failures(&run.FailedError{Cells: []*pipeline.CellError{{Cell: n.ID, Kind: "k", Err: errors.New("\x1b[2Kbad\b")}}})
	own := regexp.MustCompile(`\r\x1b\[\d+A\x1b\[J`)
	text := own.ReplaceAllString(out.String(), "")
	if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' || r == '\u202e' }); i >= 0 {
		t.Errorf("got %q", text[i:])
	}
	for _, want := range []string{"a[x=y]  50%", "acc\ufffd0.5", "retry    a[x=y], try 2 of 3, after: first line ...\n", "note     a[x=y]: hi\ufffdmade   other\n", "a[x=y]: k: bad\ufffd\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// shown returns the last drawing of a run: one hit, one training cell with progress, and others
// without progress.
func shown(width, height, others int) []string {
	var out strings.Builder
	b := &bars{out: &out, size: func() (int, int) { return width, height }}
	model := &graph.Node{ID: "model[age=200,fold=0,gender=400]"}
	p := &plan.Plan{Graph: &graph.Graph{Spec: &spec.Spec{Name: "advx-ml-1m"}}, Cells: make([]*plan.Cell, 3)}
	b.event(run.RunStarted{Plan: p})
	b.event(run.CellHit{})
	b.event(run.CellStarted{Node: model})
	for range others {
		b.event(run.CellStarted{Node: &graph.Node{ID: "data"}})
	}
	b.event(run.CellProgress{Node: model, Progress: pipeline.Progress{
		Done: 90, Total: 200, Unit: "epochs", Loss: 2.3456, Message: "best 7",
	}})
	out.Reset()
	b.event(run.CellNote{Node: model, Text: "hi"})
	text := out.String()
	text = text[strings.LastIndex(text, "\x1b[J")+len("\x1b[J"):]
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
