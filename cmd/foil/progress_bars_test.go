package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/rivo/uniseg"

	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/pipeline/run"
	"foil/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (-update writes it anew): got\n%s", path, got)
	}
}

// A showing is a run on a terminal of a test: its clock stands still until the test moves it.
type showing struct {
	*bars
	out           strings.Builder
	width, height int
	clock         time.Time
}

func newShowing(width, height int) *showing {
	s := &showing{width: width, height: height, clock: time.Unix(1e9, 0)}
	s.bars = &bars{out: &s.out, size: func() (int, int) { return s.width, s.height }, now: func() time.Time { return s.clock }}
	return s
}

func (s *showing) start(cells int) {
	p := &plan.Plan{Graph: &graph.Graph{Spec: &spec.Spec{Name: "advx-ml-1m"}}, Cells: make([]*plan.Cell, cells)}
	s.event(run.RunStarted{Plan: p})
}

func (s *showing) later(d time.Duration) { s.clock = s.clock.Add(d) }

// screen is what the terminal shows at the end.
func (s *showing) screen() []string {
	var lines []string
	text := s.out.String()
	for text != "" {
		if m := ownMoves.FindStringSubmatch(text); m != nil {
			up, _ := strconv.Atoi(m[1])
			lines = lines[:len(lines)-up]
			text = text[len(m[0]):]
			continue
		}
		line, rest, _ := strings.Cut(text, "\n")
		lines, text = append(lines, line), rest
	}
	return lines
}

var ownMoves = regexp.MustCompile(`^\r\x1b\[(\d+)A\x1b\[J`)

// TestBars compares what terminals of three widths show of the same run with testdata/bars.golden.
func TestBars(t *testing.T) {
	var got strings.Builder
	for _, width := range []int{60, 80, 120} {
		s := newShowing(width, 24)
		s.start(46)
		node := func(id string) *graph.Node { return &graph.Node{ID: id} }
		done := node("model[age=0,fold=0,gender=100]")
		slow, resumed, fast, data, silent := node("model[age=0,fold=1,gender=100]"), node("model[age=100,fold=1,gender=0]"), node("pgd[method=l2l-grad-interpolation,seed=12]"), node("ratings"), node("command[word=pear]")
		for _, n := range []*graph.Node{done, slow, resumed, fast, data, silent} {
			s.event(run.CellStarted{Node: n})
		}
		progress := func(n *graph.Node, p pipeline.Progress) { s.event(run.CellProgress{Node: n, Progress: p}) }
		progress(slow, pipeline.Progress{Done: 0, Total: 60, Unit: "epochs"})
		progress(resumed, pipeline.Progress{Done: 150, Total: 200, Unit: "epochs", Loss: 217.53421})
		progress(fast, pipeline.Progress{Done: 0, Total: 1e9, Unit: "steps"})
		progress(data, pipeline.Progress{Done: 0, Total: 6e6, Unit: "bytes"})
		s.later(90 * time.Second)
		progress(slow, pipeline.Progress{Done: 1, Total: 60, Unit: "epochs", Loss: 0.00012345, Message: "validation ndcg@10 0.4707"})
		progress(resumed, pipeline.Progress{Done: 155, Total: 200, Unit: "epochs", Loss: 217.53421, Message: "validation ndcg@10 0.4474"})
		progress(fast, pipeline.Progress{Done: 9e8, Total: 1e9, Unit: "steps", Message: "accuracy 0.31"})
		progress(data, pipeline.Progress{Done: 1.2e6, Total: 6e6, Unit: "bytes"})
		s.later(5 * time.Second)
		s.event(run.CellHit{})
		s.event(run.CellDone{Node: done, Record: &store.Record{CPUSeconds: 2.96, PeakMemory: 57_700_000}, Duration: 18500 * time.Millisecond})
		s.event(run.CellNote{Node: slow, Text: "the checkpoint was written on another kind of processor, so the training starts anew"})
		s.event(run.CellFailed{Node: silent, Err: errors.New("x")})
		fmt.Fprintf(&got, "%d columns\n%s\n\n", width, strings.Join(s.screen(), "\n"))
		for _, l := range s.screen() {
			if w := uniseg.StringWidth(l); w >= width {
				t.Errorf("%d of %d columns: %q", w, width, l)
			}
		}
		s.event(run.RunDone{})
		if last := s.screen(); strings.Contains(last[len(last)-1], "running") {
			t.Errorf("the bars stay: %q", last)
		}
	}
	golden(t, "bars.golden", got.String())
}

// A bar of a terminal that has become narrower takes several lines, all of which are removed.
func TestBarsOfANarrowedTerminal(t *testing.T) {
	s := newShowing(100, 24)
	s.start(3)
	s.event(run.CellStarted{Node: &graph.Node{ID: strings.Repeat("x", 70)}})
	s.later(time.Minute)
	s.event(run.CellHit{})
	s.out.Reset()
	s.width = 40
	s.later(time.Minute)
	s.event(run.CellHit{})
	if m := ownMoves.FindStringSubmatch(s.out.String()); m == nil || m[1] != "5" {
		t.Errorf("%q", s.out.String())
	}
}

// Thousands of hits are not thousands of drawings.
func TestBarsDrawSeldom(t *testing.T) {
	s := newShowing(80, 24)
	s.start(10_000)
	for range 10_000 {
		s.later(time.Millisecond)
		s.event(run.CellHit{})
	}
	if n := strings.Count(s.out.String(), "\x1b[J"); n > 110 {
		t.Errorf("%d drawings in ten seconds", n)
	}
}

func TestRates(t *testing.T) {
	for _, c := range []struct {
		perSecond float64
		unit      string
		want      string
	}{
		{3.14159, "epochs", "3.14 epochs/s"}, {0.5, "epochs", "0.5 epochs/s"}, {0.02, "epochs", "50s per epoch"}, {1.0 / 4000, "epochs", "1h 6m per epoch"},
		{1e-30, "steps", "11574 days per step"}, {999.4, "steps", "999 steps/s"}, {12_345_678, "steps", "12.3M steps/s"}, {1e300, "steps", "1e+285P steps/s"},
		{1500, "users", "1.5k users/s"}, {2.5e6, "bytes", "2.5 MB/s"}, {7, "", ""},
	} {
		if got := rateText(c.perSecond, c.unit); got != c.want {
			t.Errorf("%g %s: %q, want %q", c.perSecond, c.unit, got, c.want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", 59*time.Second + 600*time.Millisecond: "1m 0s", 3601 * time.Second: "1h 0m", 99 * time.Hour: "4d 3h", 1e6 * time.Hour: "41666 days"} {
		if got := clock(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
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
		lines := barsOf(shown(80, c.height, c.others))
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
		for _, l := range barsOf(shown(width, 6, 9)) {
			if w := uniseg.StringWidth(l); w >= width {
				t.Errorf("width %d: %d columns: %q", width, w, l)
			}
		}
	}
}

// Names, notes and errors cannot move the cursor or change lines above.
func TestBarsCleanWhatTheyShow(t *testing.T) {
	b := newShowing(200, 24)
	n := &graph.Node{ID: "a[x=\x1b[2Jy]"}
	b.event(run.RunStarted{Plan: &plan.Plan{Graph: &graph.Graph{Spec: &spec.Spec{Name: "s\x1b[31m"}}, Cells: make([]*plan.Cell, 1)}})
	b.event(run.CellStarted{Node: n})
	b.event(run.CellProgress{Node: n, Progress: pipeline.Progress{Done: 1, Total: 2, Unit: "epochs", Message: "acc\r\x1b]0;t\a0.5\n"}})
	b.event(run.CellNote{Node: n, Text: "hi\u202e\rmade   other"})
	b.event(run.CellRetried{Node: n, Try: 2, Tries: 3, Err: errors.New("first \x1b[1mline\nsecond")})
	b.event(run.CellFailed{Node: n, Err: errors.New("x")})
	b.bars.failures(&run.FailedError{Cells: []*pipeline.CellError{{Cell: n.ID, Kind: "k", Err: errors.New("\x1b[2Kbad\b")}}})
	own := regexp.MustCompile(`\r\x1b\[\d+A\x1b\[J`)
	text := own.ReplaceAllString(b.out.String(), "")
	if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' || r == '\u202e' }); i >= 0 {
		t.Errorf("got %q", text[i:])
	}
	for _, want := range []string{"a[x=y]  50% ████████████░░░░░░░░░░░░  1/2 epochs", "acc\ufffd0.5", "retry    a[x=y], try 2 of 3, after: first line ...\n", "note     a[x=y]: hi\ufffdmade   other\n", "a[x=y]: k: bad\ufffd\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// shown returns the last drawing of a run: one hit, one training cell with progress, and others
// without progress.
func shown(width, height, others int) []string {
	s := newShowing(width, height)
	model := &graph.Node{ID: "model[age=200,fold=0,gender=400]"}
	s.start(3)
	s.event(run.CellHit{})
	s.event(run.CellStarted{Node: model})
	for range others {
		s.event(run.CellStarted{Node: &graph.Node{ID: "data"}})
	}
	s.event(run.CellProgress{Node: model, Progress: pipeline.Progress{
		Done: 90, Total: 200, Unit: "epochs", Loss: 2.3456, Message: "best 7",
	}})
	s.event(run.CellNote{Node: model, Text: "hi"})
	return s.screen()
}

// barsOf are the lines of a screen behind the permanent ones.
func barsOf(screen []string) []string {
	return screen[slices.IndexFunc(screen, func(l string) bool {
		return !strings.Contains(l, "hi") && l != "[age=200,fold=0,gender=400]:" && !strings.HasPrefix(l, "note")
	}):]
}

// TestBarsCountEachCellOnce shows a cell that runs again because its input was damaged, and the cell
// that makes this input again.
func TestBarsCountEachCellOnce(t *testing.T) {
	b := newShowing(80, 24)
	data, model := &graph.Node{ID: "data"}, &graph.Node{ID: "model"}
	b.start(3)
	record := &store.Record{}
	for _, e := range []run.Event{
		run.CellHit{},
		run.CellStarted{Node: data}, run.CellDone{Node: data, Record: record},
		run.CellStarted{Node: model}, run.CellAgain{Node: model}, run.CellAgain{Node: data, WasDone: true},
		run.CellStarted{Node: data}, run.CellDone{Node: data, Record: record}, run.CellStarted{Node: model},
	} {
		b.later(redraw)
		b.event(e)
	}
	text := strings.Join(b.screen()[2:], "\n")
	if want := `^advx-ml-1m +[0-9]+% █+░+  2/3 cells  1 running  \d+s\n  model +\d+s$`; !regexp.MustCompile(want).MatchString(text) {
		t.Errorf("got %q, want %s", text, want)
	}
}
