package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"foil/internal/app"
	"foil/internal/store/disk"
	"foil/internal/words"
	"foil/pipeline/history"
	"foil/pipeline/plan"
)

// A planWriter prints a plan.
type planWriter struct {
	out       io.Writer
	view      *app.View
	plan      *plan.Plan
	past      *history.History // nil if all cells are in the cache
	explainer *history.Explainer
	begun     map[*plan.Cell]*disk.WorkState
}

func newPlanWriter(ctx context.Context, out io.Writer, view *app.View) (*planWriter, error) {
	w := &planWriter{out: out, view: view, plan: view.Plan}
	var err error
	if w.plan.Hits < len(w.plan.Cells) {
		if w.past, err = history.Read(ctx, view.Cache); err != nil {
			return nil, err
		}
	}
	w.begun, err = view.Begun()
	w.explainer = history.NewExplainer(w.plan, w.past)
	return w, err
}

func (w *planWriter) write(running app.Running, verbose bool, workers []int) {
	if verbose {
		w.cells()
		fmt.Fprintln(w.out)
	}
	var estimate *plan.Estimate
	parallel := 0
	if w.past != nil {
		estimate, parallel = w.view.Estimate(history.NewCosts(w.past, w.plan), running)
	}
	w.stages(estimate)
	if w.past != nil {
		if !verbose {
			w.reasons()
		}
		sayf(w.out, "\n%s\n", estimateText(estimate, parallel))
		w.workers(estimate, workers)
	}
	all, _, _ := w.count()
	shared := ""
	if all.shared > 0 {
		shared = fmt.Sprintf(", %d will share a result", all.shared)
	}
	sayf(w.out, "%s: %s: %d cached, %d will run, %d may run%s\n",
		w.plan.Graph.Spec.Name, words.Count(len(w.plan.Cells), "cell"), all.cached, all.will, all.may, shared)
}

// planCounts counts cells by what will become of them. A shared cell does the same work as another
// one, which will run.
type planCounts struct{ cached, will, may, shared int }

func (n *planCounts) add(c *plan.Cell) {
	switch {
	case c.State == plan.Hit:
		n.cached++
	case c.State == plan.Unknown:
		n.may++
	case c.SameAs != nil:
		n.shared++
	default:
		n.will++
	}
}

// count counts the cells of all stages, and of each one.
func (w *planWriter) count() (all planCounts, stages []string, of map[string]*planCounts) {
	of = map[string]*planCounts{}
	for _, c := range w.plan.Cells {
		name := c.Node.Stage.Name
		if of[name] == nil {
			of[name] = &planCounts{}
			stages = append(stages, name)
		}
		all.add(c)
		of[name].add(c)
	}
	return all, stages, of
}

// cells lists every cell: state, name, key, and why it is not in the cache.
func (w *planWriter) cells() {
	var rows [][]string
	for _, c := range w.plan.Cells {
		switch c.State {
		case plan.Hit:
			rows = append(rows, []string{"cached", c.Node.ID, c.Key.Short(), ""})
		case plan.Miss:
			if c.SameAs != nil {
				rows = append(rows, []string{"shared", c.Node.ID, c.Key.Short(), c.Reason})
				continue
			}
			why := w.explainer.Reason(c.Node)
			if s := w.begun[c]; s != nil {
				why += "; " + shortState(s)
			}
			rows = append(rows, []string{"will run", c.Node.ID, c.Key.Short(), why})
		default:
			rows = append(rows, []string{"may run", c.Node.ID, "", w.explainer.Reason(c.Node)})
		}
	}
	writeTable(w.out, "", rows)
}

// stages counts the cells of each stage.
func (w *planWriter) stages(e *plan.Estimate) {
	all, names, of := w.count()
	heads := []string{"stage", "cached", "will run", "may run"}
	right := []int{1, 2, 3}
	if all.shared > 0 {
		heads, right = append(heads, "shared"), append(right, 4)
	}
	if e != nil {
		heads = append(heads, "estimated time")
	}
	estimates := map[string]*plan.StageEstimate{}
	if e != nil {
		for _, s := range e.Stages {
			estimates[s.Stage] = s
		}
	}
	rows := [][]string{heads}
	for _, name := range names {
		n := of[name]
		row := []string{name, strconv.Itoa(n.cached), strconv.Itoa(n.will), strconv.Itoa(n.may)}
		if all.shared > 0 {
			row = append(row, strconv.Itoa(n.shared))
		}
		if s := estimates[name]; s != nil {
			row = append(row, stageTime(s))
		}
		rows = append(rows, row)
	}
	writeTable(w.out, "", rows, right...)
}

// stageTime is the estimated time of a stage.
func stageTime(s *plan.StageEstimate) string {
	if s.Blank == s.Cells {
		return "unknown: " + s.Why
	}
	text := about(s.Wall)
	if s.Rough && s.Wall >= time.Second {
		text += ", from cells with other parameters"
	}
	if s.Blank > 0 {
		text += fmt.Sprintf(", plus %s of unknown time", words.Count(s.Blank, "cell"))
	}
	return text
}

// estimateText is the estimated time of the whole run.
func estimateText(e *plan.Estimate, parallel int) string {
	cells := 0
	for _, s := range e.Stages {
		cells += s.Cells
	}
	if e.Blank == cells {
		return "estimated time: unknown"
	}
	text := "estimated time: " + about(e.Run)
	if e.Blank > 0 {
		text = fmt.Sprintf("estimated time: unknown for %s, %s for the others", words.Count(e.Blank, "cell"), about(e.Run))
	}
	switch {
	case parallel == 1:
		text += ", one cell at a time"
	case e.Run < e.Wall:
		text += fmt.Sprintf(" with up to %d cells in parallel (%s one at a time)", parallel, span(e.Wall))
	}
	return text
}

// workers shows the estimated time with other numbers of workers.
func (w *planWriter) workers(e *plan.Estimate, workers []int) {
	if len(workers) == 0 || e.Wall == 0 {
		return
	}
	rows := [][]string{{"workers", "estimated time", "of that on the processor"}}
	for _, n := range workers {
		wall, processor := e.With(n)
		row := []string{strconv.Itoa(n), about(wall), about(processor)}
		if n > 1 && wall == e.Chain {
			row[1] += " (longest chain)"
		}
		rows = append(rows, row)
	}
	fmt.Fprintln(w.out)
	writeTable(w.out, "", rows, 0)
	fmt.Fprintln(w.out)
}

// A reason is why some cells of a stage will run.
type reason struct {
	class, text string // text is empty if the cells differ in it
	cells       int
}

// reasons tells for each stage why its cells will run.
func (w *planWriter) reasons() {
	var names []string
	of := map[string][]*reason{}
	states := map[string][]string{}
	for _, c := range w.plan.Cells {
		if c.State != plan.Miss || c.SameAs != nil {
			continue
		}
		name := c.Node.Stage.Name
		if of[name] == nil {
			names = append(names, name)
		}
		of[name] = addReason(of[name], w.explainer.Explain(c.Node))
		if s := w.begun[c]; s != nil {
			states[name] = append(states[name], c.Node.ID+" "+shortState(s))
		}
	}
	for i, name := range names {
		if i == 0 {
			fmt.Fprintln(w.out)
		}
		writeReasons(w.out, name, of[name])
		const few = 3
		for i, s := range states[name] {
			if i == few {
				sayf(w.out, "  and %s; foil status shows them\n", words.Count(len(states[name])-few, "more unfinished cell"))
				break
			}
			sayf(w.out, "  %s\n", s)
		}
	}
}

func addReason(all []*reason, e *history.Explanation) []*reason {
	class, text := e.Class(), e.Short()
	i := slices.IndexFunc(all, func(r *reason) bool { return r.class == class })
	if i < 0 {
		return append(all, &reason{class, text, 1})
	}
	all[i].cells++
	if all[i].text != text {
		all[i].text = ""
	}
	return all
}

func writeReasons(out io.Writer, stage string, all []*reason) {
	slices.SortStableFunc(all, func(a, b *reason) int { return b.cells - a.cells })
	const few = 3
	for i, r := range all {
		if i == few {
			sayf(out, "%s: and %s; -v shows them\n", stage, words.Count(len(all)-few, "more reason"))
			return
		}
		text := r.text
		if text == "" {
			text = r.class
		}
		cells := ""
		if len(all) > 1 {
			cells = ", " + words.Count(r.cells, "cell")
		}
		sayf(out, "%s%s: %s\n", stage, cells, text)
	}
}
