package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"foil/internal/app"
	"foil/internal/clean"
	"foil/internal/digest"
	"foil/internal/report"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/pipeline/run"
	"foil/spec"
)

// A heard is a stream of events in a test. Its clock stands still until the test moves it.
type heard struct {
	*jsonEvents
	stdout, stderr strings.Builder
	clock          time.Time
}

func newHeard() *heard {
	h := &heard{clock: time.Unix(1e9, 25e6)}
	h.jsonEvents = newJSONEvents(&h.stdout, &h.stderr, func() time.Time { return h.clock })
	return h
}

// lines are the events, each as an object.
func (h *heard) lines(t *testing.T) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(h.stdout.String()) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if _, err := time.Parse(time.RFC3339, fmt.Sprint(object["time"])); err != nil {
			t.Error(err)
		}
		all = append(all, object)
	}
	return all
}

// allEvents are events of package run, one of each type at least.
func allEvents() []run.Event {
	kind := &pipeline.Kind{Name: "train/x"}
	node := func(id string) *graph.Node {
		stage, _, _ := strings.Cut(id, "[")
		return &graph.Node{ID: id, Stage: &spec.Stage{Name: stage}, Kind: kind}
	}
	data, model, twin, table := node("data"), node("model[fold=0]"), node("twin[fold=0]"), node("table")
	key := digest.Key{0xab}
	record := &store.Record{CPUSeconds: 2.5, PeakMemory: 57_700_000}
	cause := &pipeline.CellError{Cell: model.ID, Kind: kind.Name, Err: &pipeline.Failure{Code: pipeline.DiskFull, Message: "writing: no space left on device"}, Log: ".foil/work/k/log"}
	return []run.Event{
		run.RunStarted{Plan: &plan.Plan{
			Graph: &graph.Graph{
				Spec:  &spec.Spec{Name: "mine"},
				Notes: spec.Errors{{Pos: spec.Pos{File: "mine.yaml", Line: 3, Column: 4}, Msg: "the axis is not used"}},
			},
			Cells: []*plan.Cell{
				{Node: data, State: plan.Hit, Key: key},
				{Node: model, State: plan.Miss, Key: key, Reason: "never made"},
				{Node: twin, State: plan.Miss, Key: key, Reason: "never made", SameAs: model},
				{Node: table, State: plan.Unknown, Reason: "depends on model[fold=0]"},
			},
			Hits: 1, Misses: 2, Unknown: 1,
		}},
		run.CellHit{Node: data, Key: key, Record: record},
		run.CellWaiting{Node: model, Key: key},
		run.CellWaiting{Node: model, Key: key, Orphan: &store.Orphan{Owner: &store.Owner{PID: 7}, Path: ".foil/locks/k"}},
		run.CellStarted{Node: model, Key: key, Reason: "never made", Resumes: true},
		run.CellProgress{Node: model, Key: key, Progress: pipeline.Progress{Done: 3, Total: 200, Unit: "epochs", Loss: 217.5, Message: "validation ndcg@10 0.4474"}},
		run.CellNote{Node: model, Key: key, Text: "half of the users have no age"},
		run.CellRetried{Node: model, Key: key, Err: errors.New("exit status 7"), Try: 2, Tries: 3},
		run.CellDone{Node: model, Key: key, Record: record, Duration: 1500 * time.Millisecond},
		run.CellAgain{Node: model, Key: key, WasDone: true},
		run.CellFailed{Node: model, Key: key, Err: cause},
		run.CellSkipped{Node: table, Cause: model},
		run.RunDone{Result: &run.Result{
			Outcomes: make([]*run.Outcome, 4), Hits: 1, Made: 1, Failed: 1, Skipped: 1, Stopped: 2, Wall: 3 * time.Second, CPU: 2 * time.Second,
			Largest: &run.Outcome{Node: data, Record: record},
		}},
	}
}

// hearAll writes all events that a run can have.
func hearAll() *heard {
	h := newHeard()
	for _, e := range allEvents() {
		h.event(e)
	}
	table := &run.Outcome{Node: &graph.Node{ID: "table", Stage: &spec.Stage{Name: "table"}}, Key: digest.Key{0xcd}}
	result := &run.Result{Outcomes: []*run.Outcome{table}}
	h.ended(result, &app.Published{
		Reports: []app.PublishedReport{{Outcome: table, Folder: "results/mine", Files: []digest.File{{Name: "table.md", Size: 12}}}},
		Notes:   []string{"results/mine/old still holds the report of an earlier run"},
	})
	h.expected(report.Verdicts{Met: 1, Missed: []string{"x"}, Values: []report.Judged{
		{Cell: "table", Table: "T", Row: "A", Column: "NDCG", Expected: 0.5, Low: 0.25, High: 0.75, Found: 0.625, N: 5, By: "tolerance", Result: report.Met, Source: "a paper", Sentence: "A NDCG is 0.625"},
		{Cell: "table", Table: "T", Row: "B", Column: "NDCG", Expected: 0.5, Low: 0.25, High: 0.75, By: "3 runs", Result: report.Missed, Source: "a paper", Sentence: "B NDCG has no value"},
	}}, result, false)
	h.problem(errors.New("writing the reports: no space left"))
	h.end(context.Background(), errReported)
	return h
}

// TestEventsOfARun compares the events with testdata/events.golden, which fixes the names of fields.
func TestEventsOfARun(t *testing.T) {
	h := hearAll()
	h.lines(t)
	golden(t, "events.golden", h.stdout.String())
	if got := h.stderr.String(); strings.Contains(got, "{") || !strings.Contains(got, "FAILED model[fold=0]: train/x: writing: no space left on device\n") || !strings.Contains(got, "foil: writing the reports: ") {
		t.Errorf("people see\n%s", got)
	}
}

// Each event of package run is written.
func TestEveryEventHasAJSONForm(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../pipeline/run/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "isEvent" {
			want = append(want, f.Recv.List[0].Type.(*ast.Ident).Name)
		}
	}
	written := map[string]bool{}
	for _, e := range allEvents() {
		h := newHeard()
		h.event(e)
		if len(h.lines(t)) > 0 {
			written[reflect.TypeOf(e).Name()] = true
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(written)); len(want) < 10 || !slices.Equal(got, want) {
		t.Errorf("written are %q\nof %q", got, want)
	}
}

// TestEventsAreDocumented compares the table of docs/events.md with all events and their fields.
func TestEventsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, row, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |"); ok && strings.HasPrefix(line, "| `") {
			rows[name] = row
		}
	}
	for _, e := range hearAll().lines(t) {
		name := fmt.Sprint(e["event"])
		row, ok := rows[name]
		if !ok {
			t.Errorf("docs/events.md does not list %s", name)
		}
		for field := range e {
			if !slices.Contains([]string{"event", "time", "cell", "stage", "key"}, field) && !strings.Contains(row, "`"+field+"`") {
				t.Errorf("docs/events.md: %s lacks the field %s", name, field)
			}
		}
		rows[name] += " is written"
	}
	for name, row := range rows {
		if !strings.HasSuffix(row, " is written") {
			t.Errorf("docs/events.md lists %s, which no run writes", name)
		}
	}
}

func TestProgressIsWrittenOnceASecond(t *testing.T) {
	h := newHeard()
	a := &graph.Node{ID: "a", Stage: &spec.Stage{Name: "a"}}
	b := &graph.Node{ID: "b", Stage: &spec.Stage{Name: "b"}}
	for i := range 25 { // 2.4 seconds
		h.event(run.CellProgress{Node: a, Progress: pipeline.Progress{Done: int64(i)}})
		if i == 5 {
			h.event(run.CellProgress{Node: b, Progress: pipeline.Progress{Done: 100}})
		}
		h.clock = h.clock.Add(100 * time.Millisecond)
	}
	h.event(run.CellStarted{Node: a})
	h.event(run.CellProgress{Node: a, Progress: pipeline.Progress{Done: 7}}) // of the next try
	var got []float64
	for _, e := range h.lines(t) {
		if e["event"] == "progress" {
			got = append(got, e["done"].(float64))
		}
	}
	if want := []float64{0, 100, 10, 20, 7}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Whatever a text holds, it is one line that a terminal can show, and a program reads the same text.
func FuzzEventsAreLines(f *testing.F) {
	for _, text := range []string{"", "a\nb\r\n\tc", "\x1b[31mred\x07", "\u202eevil\u2028\u0085", "<&>\"\\", "\x7f\x9b", "broken \xff", "née 日本 🙂 \U000e0001"} {
		f.Add(text, 0.5)
	}
	f.Add("x", math.NaN())
	f.Add("x", math.Inf(-1))
	f.Fuzz(func(t *testing.T, text string, loss float64) {
		h := newHeard()
		h.event(run.CellProgress{Node: &graph.Node{ID: text, Stage: &spec.Stage{}}, Progress: pipeline.Progress{Loss: loss, Message: text}})
		line := h.stdout.String()
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") || clean.Message(line) != line {
			t.Errorf("%q", line)
		}
		e := h.lines(t)[0]
		if want := strings.ToValidUTF8(text, ""); want == text && text != "" && e["cell"] != text {
			t.Errorf("%q was read as %q", text, e["cell"])
		}
		if m, ok := e["message"]; ok && m != clean.Message(text) {
			t.Errorf("%q was read as %q", text, m)
		}
	})
}

// A reader that has had enough does not change the exit status. A full disk does.
func TestEventsThatCannotBeWritten(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name    string
		ctx     context.Context
		writing error
		err     error
		want    string
		stderr  string
	}{
		{"closed", t.Context(), syscall.EPIPE, nil, "<nil>", ""},
		{"closed and failed", t.Context(), syscall.EPIPE, errReported, "reported", ""},
		{"full", t.Context(), syscall.ENOSPC, nil, "writing the events of --json: no space left on device", ""},
		{"full and failed", t.Context(), syscall.ENOSPC, errReported, "reported", "foil: writing the events of --json: no space left on device\n"},
		{"full and interrupted", cancelled, syscall.ENOSPC, context.Canceled, "context canceled", "foil: writing the events of --json: no space left on device\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stderr strings.Builder
			w := &brokenWriter{err: c.writing}
			j := newJSONEvents(w, &stderr, time.Now)
			j.event(run.CellHit{Node: &graph.Node{Stage: &spec.Stage{}}})
			if got := j.end(c.ctx, c.err); fmt.Sprint(got) != c.want || stderr.String() != c.stderr || w.writes != 1 {
				t.Errorf("%v, %q, %d writes", got, stderr.String(), w.writes)
			}
		})
	}
}

// A brokenWriter can write nothing.
type brokenWriter struct {
	err    error
	writes int
}

func (w *brokenWriter) Write([]byte) (int, error) {
	w.writes++
	return 0, w.err
}

func TestStatusAtTheEnd(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		ctx    context.Context
		err    error
		events []string
	}{
		{t.Context(), nil, []string{"end ok"}},
		{t.Context(), errReported, []string{"end failed"}},
		{t.Context(), errors.New("a bad spec"), []string{"error a bad spec", "end failed"}},
		{t.Context(), context.Canceled, []string{"error context canceled", "end failed"}}, // not of this run
		{cancelled, context.Canceled, []string{"end interrupted"}},
		{cancelled, errors.Join(context.Canceled, errReported), []string{"end interrupted"}},
	} {
		h := newHeard()
		if got := h.end(c.ctx, c.err); got != c.err {
			t.Errorf("%v became %v", c.err, got)
		}
		var got []string
		for _, e := range h.lines(t) {
			got = append(got, fmt.Sprintf("%v %v", e["event"], cmp.Or(e["message"], e["status"])))
		}
		if !slices.Equal(got, c.events) {
			t.Errorf("%v: got %q, want %q", c.err, got, c.events)
		}
	}
}
