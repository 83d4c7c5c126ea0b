package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"foil/internal/app"
	"foil/internal/clean"
	"foil/internal/digest"
	"foil/internal/report"
	"foil/internal/syserror"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/pipeline/run"
)

// jsonEvents shows a run to a program: a line of JSON for each event. docs/events.md lists them.
// Errors also go to people, with what they need to know after Ctrl-C.
type jsonEvents struct {
	people lines
	reason func(run.CellStarted) string // why a cell runs
	now    func() time.Time
	shown  map[*graph.Node]time.Time // when the progress of a cell was written last

	mu  sync.Mutex // a note may come from another goroutine
	out io.Writer
	err error // of the first write that failed; nothing is written after it
}

// jsonInterval is how often the progress of a cell is written.
const jsonInterval = time.Second

func newJSONEvents(out, messages io.Writer, now func() time.Time) *jsonEvents {
	return &jsonEvents{
		people: lines{endLines: endLines{messages}, out: messages},
		reason: func(e run.CellStarted) string { return e.Reason },
		now:    now, shown: map[*graph.Node]time.Time{}, out: out,
	}
}

// A jsonHead is what all events have, and what all events of a cell have.
type jsonHead struct {
	Event string     `json:"event"`
	Time  string     `json:"time"`
	Cell  string     `json:"cell,omitempty"`
	Stage string     `json:"stage,omitempty"`
	Key   digest.Key `json:"key,omitzero"`
}

func (j *jsonEvents) head(event string) jsonHead {
	return jsonHead{Event: event, Time: j.now().UTC().Format("2006-01-02T15:04:05.000Z07:00")}
}

func (j *jsonEvents) of(n *graph.Node, key digest.Key, event string) jsonHead {
	h := j.head(event)
	h.Cell, h.Stage, h.Key = n.ID, n.Stage.Name, key
	return h
}

func (j *jsonEvents) event(e run.Event) {
	switch e := e.(type) {
	case run.RunStarted:
		j.plan(e.Plan)
	case run.CellHit:
		j.write(j.of(e.Node, e.Key, "cached"))
	case run.CellStarted:
		delete(j.shown, e.Node)
		j.write(struct {
			jsonHead
			Reason  string `json:"reason"`
			Resumes bool   `json:"resumes"`
		}{j.of(e.Node, e.Key, "start"), clean.Message(j.reason(e)), e.Resumes})
	case run.CellProgress:
		j.progress(e)
	case run.CellRetried:
		j.write(struct {
			jsonHead
			Error string `json:"error"`
			Try   int    `json:"try"`
			Tries int    `json:"tries"`
		}{j.of(e.Node, e.Key, "retry"), causeText(e.Err), e.Try, e.Tries})
	case run.CellNote:
		j.write(jsonMessage{j.of(e.Node, e.Key, "note"), clean.Message(e.Text)})
	case run.CellWaiting:
		j.write(jsonMessage{j.of(e.Node, e.Key, "wait"), clean.Message(waits(e))})
	case run.CellDone:
		j.write(struct {
			jsonHead
			jsonCosts
		}{j.of(e.Node, e.Key, "made"), jsonCosts{e.Duration.Seconds(), e.Record.CPUSeconds, e.Record.PeakMemory}})
	case run.CellFailed:
		j.failed(e)
		j.people.fail(e)
	case run.CellSkipped:
		j.write(struct {
			jsonHead
			Cause string `json:"cause"`
		}{j.of(e.Node, digest.Key{}, "skipped"), e.Cause.ID})
	case run.CellAgain:
		j.write(struct {
			jsonHead
			WasDone bool `json:"was_done"`
		}{j.of(e.Node, e.Key, "again"), e.WasDone})
	case run.RunDone:
		j.summary(e.Result)
	}
}

// A jsonMessage is an event with a text for people.
type jsonMessage struct {
	jsonHead
	Message string `json:"message"`
}

// jsonCosts are named like those of a record.
type jsonCosts struct {
	WallSeconds float64 `json:"wall_seconds"`
	CPUSeconds  float64 `json:"cpu_seconds,omitempty"`
	PeakMemory  int64   `json:"peak_memory,omitempty"`
}

// planStates are the states of cells in the words of the command line.
var planStates = map[plan.State]string{plan.Hit: "cached", plan.Miss: "missing", plan.Unknown: "unknown"}

func (j *jsonEvents) plan(p *plan.Plan) {
	j.write(struct {
		jsonHead
		Experiment string `json:"experiment"`
		Cells      int    `json:"cells"`
		Cached     int    `json:"cached"`
		Missing    int    `json:"missing"`
		Unknown    int    `json:"unknown"`
	}{j.head("plan"), p.Graph.Spec.Name, len(p.Cells), p.Hits, p.Misses, p.Unknown})
	for _, c := range p.Cells {
		sameAs := ""
		if c.SameAs != nil {
			sameAs = c.SameAs.ID
		}
		j.write(struct {
			jsonHead
			Kind   string `json:"kind"`
			State  string `json:"state"`
			Reason string `json:"reason,omitempty"`
			SameAs string `json:"same_as,omitempty"`
		}{j.of(c.Node, c.Key, "planned"), c.Node.Kind.Name, planStates[c.State], clean.Message(c.Reason), sameAs})
	}
	for _, n := range p.Graph.Notes {
		j.write(jsonMessage{j.head("note"), clean.Message(n.Error())})
	}
}

func (j *jsonEvents) progress(e run.CellProgress) {
	now := j.now()
	if last, ok := j.shown[e.Node]; ok && now.Sub(last) < jsonInterval {
		return
	}
	j.shown[e.Node] = now
	j.write(struct {
		jsonHead
		Done    int64      `json:"done"`
		Total   int64      `json:"total,omitempty"`
		Unit    string     `json:"unit,omitempty"`
		Loss    jsonNumber `json:"loss,omitempty"`
		Message string     `json:"message,omitempty"`
	}{j.of(e.Node, e.Key, "progress"), e.Progress.Done, e.Progress.Total, e.Progress.Unit, jsonNumber(e.Progress.Loss), clean.Message(e.Progress.Message)})
}

func (j *jsonEvents) failed(e run.CellFailed) {
	log := ""
	if c := (*pipeline.CellError)(nil); errors.As(e.Err, &c) {
		log = c.Log
	}
	j.write(struct {
		jsonHead
		Error string        `json:"error"`
		Code  pipeline.Code `json:"code,omitempty"`
		Log   string        `json:"log,omitempty"`
	}{j.of(e.Node, e.Key, "failed"), causeText(e.Err), pipeline.CodeOf(e.Err), log})
}

// causeText is the text of an error without the name of its cell and the path of its log.
func causeText(err error) string { return clean.Message(causeOf(err)) }

// cannotRun tells of cells that cannot be started, so that nothing was run.
func (j *jsonEvents) cannotRun(p *plan.Plan, e *app.MachineError) {
	of := map[string]*plan.Cell{}
	for _, c := range p.Cells {
		of[c.Node.ID] = c
	}
	for _, err := range e.Cells {
		j.failed(run.CellFailed{Node: of[err.Cell].Node, Key: of[err.Cell].Key, Err: err})
	}
	j.write(jsonMessage{j.head("error"), e.Summary()})
}

func (j *jsonEvents) summary(r *run.Result) {
	peakCell, costs := "", jsonCosts{WallSeconds: r.Wall.Seconds(), CPUSeconds: r.CPU.Seconds()}
	if r.Largest != nil {
		peakCell, costs.PeakMemory = r.Largest.Node.ID, r.Largest.Record.PeakMemory
	}
	j.write(struct {
		jsonHead
		Cells       int `json:"cells"`
		Cached      int `json:"cached"`
		Made        int `json:"made"`
		Failed      int `json:"failed"`
		Skipped     int `json:"skipped"`
		NotFinished int `json:"not_finished"`
		jsonCosts
		PeakCell string `json:"peak_cell,omitempty"`
	}{j.head("summary"), len(r.Outcomes), r.Hits, r.Made, r.Failed, r.Skipped, r.Stopped, costs, peakCell})
}

func (j *jsonEvents) note(text string) {
	j.write(jsonMessage{j.head("note"), clean.Message(text)})
	j.people.note(text)
}

// ended has no summary, which is the event of run.RunDone.
func (j *jsonEvents) ended(_ *run.Result, published *app.Published) {
	for _, r := range published.Reports {
		j.write(struct {
			jsonHead
			Folder string        `json:"folder"`
			Files  []digest.File `json:"files"`
		}{j.of(r.Outcome.Node, r.Outcome.Key, "published"), r.Folder, r.Files})
	}
	for _, text := range published.Notes {
		j.write(jsonMessage{j.head("note"), clean.Message(text)})
	}
}

func (j *jsonEvents) failures(e *run.FailedError) { j.people.failures(e) }

// expected has the columns of expect.csv.
func (j *jsonEvents) expected(v report.Verdicts, r *run.Result, isVariant bool) {
	of := map[string]*run.Outcome{}
	for _, o := range r.Outcomes {
		of[o.Node.ID] = o
	}
	for _, x := range v.Values {
		var found, difference *jsonNumber
		if x.N > 0 {
			found, difference = new(jsonNumber(x.Found)), new(jsonNumber(x.Found-x.Expected))
		}
		o := of[x.Cell]
		j.write(struct {
			jsonHead
			Table      string        `json:"table"`
			Row        string        `json:"row"`
			Column     string        `json:"column"`
			Expected   jsonNumber    `json:"expected"`
			Found      *jsonNumber   `json:"found,omitempty"`
			N          int           `json:"n"`
			Difference *jsonNumber   `json:"difference,omitempty"`
			Low        jsonNumber    `json:"low"`
			High       jsonNumber    `json:"high"`
			By         string        `json:"by"`
			Result     report.Status `json:"result"`
			Source     string        `json:"source"`
			Sentence   string        `json:"sentence"`
		}{j.of(o.Node, o.Key, "expected"), x.Table, x.Row, x.Column, jsonNumber(x.Expected), found, x.N, difference,
			jsonNumber(x.Low), jsonNumber(x.High), x.By, x.Result, x.Source, clean.Message(x.Sentence)})
	}
	if len(v.Missed) > 0 {
		j.people.expected(v, r, isVariant)
	}
}

func (j *jsonEvents) problem(err error) {
	j.error(err)
	j.people.problem(err)
}

func (j *jsonEvents) error(err error) {
	j.write(jsonMessage{j.head("error"), clean.Message(syserror.Text(err))})
}

// end writes the last event. It returns the error of the command, which is err, or that the events
// could not be written.
func (j *jsonEvents) end(ctx context.Context, err error) error {
	status := "failed"
	switch {
	case err == nil:
		status = "ok"
	case interrupted(ctx, err):
		status = "interrupted"
	case !errors.Is(err, errReported):
		j.error(err)
	}
	j.write(struct {
		jsonHead
		Status string `json:"status"`
	}{j.head("end"), status})
	lost := unlessPipeClosed(j.err)
	if lost == nil {
		return err
	}
	lost = fmt.Errorf("writing the events of --json: %w", lost)
	if err == nil {
		return lost
	}
	j.people.problem(lost)
	return err
}

// write writes an event as one line. What cannot be printed is escaped in it, so that the line can
// be shown on a terminal.
func (j *jsonEvents) write(event any) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	err := e.Encode(event)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil && j.err == nil {
		_, err = j.out.Write(escaped(line.Bytes()))
	}
	if j.err == nil {
		j.err = err
	}
}

// escaped writes the characters of a line of JSON that cannot be printed as \uXXXX.
func escaped(line []byte) []byte {
	all := make([]byte, 0, len(line))
	for rest := line; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == '\n' || unicode.IsPrint(r):
			all = append(all, rest[:n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			all = fmt.Appendf(all, `\u%04x\u%04x`, high, low)
		default:
			all = fmt.Appendf(all, `\u%04x`, r)
		}
		rest = rest[n:]
	}
	return all
}

// A jsonNumber may be one that JSON does not have: "NaN", "Infinity" or "-Infinity", as a string.
type jsonNumber float64

func (n jsonNumber) MarshalJSON() ([]byte, error) {
	switch f := float64(n); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 0):
		return fmt.Appendf(nil, "%q", map[bool]string{true: "Infinity", false: "-Infinity"}[f > 0]), nil
	default:
		return json.Marshal(f)
	}
}
