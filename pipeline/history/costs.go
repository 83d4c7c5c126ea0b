package history

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/words"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
)

// Costs estimates the time of the cells of a plan from past records of their kinds. A record counts
// for a cell if the two have the same backend, and the same values of the parameters in
// pipeline.Cost.Like. Its time is scaled by the parameters and the sizes of inputs in Cost.Times.
// The estimate is the median of the records that differ in the fewest other parameters. Seeds and
// library versions rarely change the time, so they do not count.
//
// A time is unknown if no record counts, or if the inputs of the cell have not been made and
// nothing says how large they will be.
type Costs struct {
	history *History
	plan    *plan.Plan
	classes map[string]map[string]*class // by kind and classID
	units   map[unitID]unit
	sizes   map[*graph.Node]sizes // nil: not known
	similar map[string]sizes      // by the settings of a cell and the sizes of its inputs
}

// NewCosts returns the Costs of the cells of a plan.
func NewCosts(h *History, p *plan.Plan) *Costs {
	return &Costs{
		history: h, plan: p, classes: map[string]map[string]*class{},
		units: map[unitID]unit{}, sizes: map[*graph.Node]sizes{}, similar: map[string]sizes{},
	}
}

// A class holds the records of a kind that count for the same cells.
type class struct {
	works  []sizedWork // latest first
	others survey      // of the parameters that neither scale the time nor define the class
}

// A sizedWork is a past work, what its time is in proportion to, and the sizes of its inputs.
type sizedWork struct {
	*past
	scale  float64
	inputs inputSizes
}

// A unitID identifies cells with the same estimate, but for their scale.
type unitID struct {
	in    *class
	near  *neighbours
	lists string
}

// A unit is the estimated seconds of a cell of scale 1.
type unit struct {
	seconds   float64
	processor float64 // the part of seconds that the records computed
	exact     bool    // the records have the same parameters
}

// Cost is the estimated time of a cell.
func (w *Costs) Cost(c *plan.Cell) plan.Cost {
	kind := c.Node.Kind
	if w.history.kinds[kind.Name] == nil {
		return plan.Cost{Why: "no cell of " + kind.Name + " yet"}
	}
	all := w.lines(c.Node)
	if w.history.works(kind, all) == nil {
		return plan.Cost{Why: "no cell with this program yet"}
	}
	lines := settings(all)
	inputs := w.inputs(c.Node)
	in := w.class(c.Node, all)
	if in == nil {
		return plan.Cost{Why: w.otherClass(c.Node, all)}
	}
	scale, ok := scaleOf(kind, lines, inputs)
	if !ok {
		return plan.Cost{Why: "its inputs are not made yet"}
	}
	u := w.unit(in, others(kind, lines))
	const longest = 1e9 // seconds, some thirty years: an hour more or less says nothing there
	span := func(seconds float64) time.Duration {
		return time.Duration(min(seconds*scale, longest) * float64(time.Second))
	}
	return plan.Cost{Known: true, Wall: span(u.seconds), Processor: span(u.processor), Rough: kind.Cost.IsZero() && !u.exact}
}

// otherClass says in what the latest cell of a kind cannot be compared with a node.
func (w *Costs) otherClass(n *graph.Node, lines digest.KeyLines) string {
	latest := w.history.works(n.Kind, lines).all[0]
	var names []string
	eachPair(settings(latest.lines), settings(lines), func(old, now *digest.KeyLine) {
		if old != nil && now != nil && old.Value == now.Value {
			return
		}
		l := cmp.Or(now, old)
		name := n.Kind.Cost.LikeName(l.Name)
		if l.Part == digest.PartBackend {
			name = "backend"
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	const few = 3
	switch {
	case len(names) > few:
		names = append(names[:few-1], fmt.Sprintf("%d other parameters", len(names)-few+1))
		fallthrough
	case len(names) > 0:
		return "earlier cells differ in " + words.And(names)
	case !slices.Equal(inputNames(n), recordedInputs(latest.record)):
		return "earlier cells had other inputs"
	}
	return "the inputs of earlier cells are not known"
}

// inputNames are the names of the inputs of a node, sorted.
func inputNames(n *graph.Node) []string {
	var names []string
	for _, in := range n.Inputs {
		names = append(names, in.Name)
	}
	slices.Sort(names)
	return names
}

// recordedInputs are the names of the inputs of a record, sorted, each once.
func recordedInputs(r *store.Record) []string {
	var names []string
	for _, in := range r.Inputs {
		names = append(names, in.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// lines are the lines of a node's key, sorted, without the content of its inputs.
func (w *Costs) lines(n *graph.Node) digest.KeyLines {
	lines := plan.KeyLines(n, w.plan.Options.Numeric, w.plan.Cell(n).Sources, func(*graph.Node) digest.Digest { return digest.Digest{} })
	return lines.Sorted()
}

// settings are the lines that Costs compares: parameters and backend.
func settings(lines digest.KeyLines) digest.KeyLines {
	return slices.DeleteFunc(slices.Clone(lines), func(l digest.KeyLine) bool {
		return l.Part != digest.PartParameter && l.Part != digest.PartBackend
	})
}

// classID is the text of what two cells must share: the program, some settings, and the names of
// their inputs.
func classID(kind *pipeline.Kind, lines digest.KeyLines, inputs []string) string {
	var b strings.Builder
	if kind.Program != nil {
		fmt.Fprintf(&b, "program %q\n", kind.Program(lines))
	}
	for _, name := range inputs {
		fmt.Fprintf(&b, "input %s\n", name)
	}
	for _, l := range settings(lines) {
		if l.Part == digest.PartBackend || kind.Cost.LikeName(l.Name) != "" {
			fmt.Fprintf(&b, "%d %s = %s\n", l.Part, l.Name, l.Value)
		}
	}
	return b.String()
}

// others are the settings that change the time little.
func others(kind *pipeline.Kind, settings digest.KeyLines) digest.KeyLines {
	return slices.DeleteFunc(slices.Clone(settings), func(l digest.KeyLine) bool {
		return l.Part == digest.PartBackend || kind.Cost.LikeName(l.Name) != "" || slices.Contains(kind.Cost.Times, l.Name)
	})
}

// class is the records that count for a node; nil: none.
func (w *Costs) class(n *graph.Node, lines digest.KeyLines) *class {
	return w.classesOf(n.Kind)[classID(n.Kind, lines, inputNames(n))]
}

// classesOf sorts the records of a kind into classes. Records with unknown sizes of inputs do not
// count.
func (w *Costs) classesOf(kind *pipeline.Kind) map[string]*class {
	if classes, ok := w.classes[kind.Name]; ok {
		return classes
	}
	classes := map[string]*class{}
	for _, p := range w.history.kinds[kind.Name].all {
		lines := settings(p.lines)
		inputs := w.history.inputSizes(p.record)
		scale, ok := scaleOf(kind, lines, inputs)
		if !ok {
			continue
		}
		id := classID(kind, p.lines, recordedInputs(p.record))
		if classes[id] == nil {
			classes[id] = &class{}
		}
		c := classes[id]
		c.works = append(c.works, sizedWork{p, scale, inputs})
		c.others.add(others(kind, lines))
	}
	w.classes[kind.Name] = classes
	return classes
}

// Memory is the largest peak memory of past works like a cell, whose inputs have about the same
// sizes; 0: not known.
func (w *Costs) Memory(c *plan.Cell) (most int64) {
	all := w.lines(c.Node)
	if w.history.kinds[c.Node.Kind.Name] == nil || w.history.works(c.Node.Kind, all) == nil {
		return 0
	}
	in, inputs := w.class(c.Node, all), w.inputs(c.Node)
	if in == nil || inputs == nil {
		return 0
	}
	near := in.others.near(others(c.Node.Kind, settings(all)))
	add := func(work sizedWork) {
		if alike(work.inputs, inputs) {
			most = max(most, work.record.PeakMemory)
		}
	}
	for i := range near.all {
		add(in.works[i])
	}
	if most > 0 {
		return most
	}
	for _, work := range in.works[:min(len(in.works), manySimilar)] {
		add(work)
	}
	return most
}

// unit is the median over the works of a class that differ in the fewest of the other parameters:
// in at most one of them apart from values that no work has, otherwise over all works of the class.
func (w *Costs) unit(in *class, own digest.KeyLines) unit {
	near := in.others.near(own)
	id := unitID{in, near.in, fmt.Sprint(near.lists)} // many cells have the same neighbours
	if u, ok := w.units[id]; ok {
		return u
	}
	var seconds, processor []float64
	add := func(work sizedWork) {
		r := work.record
		busy := r.WallSeconds
		if r.CPUSeconds > 0 {
			busy = min(busy, r.CPUSeconds)
		}
		seconds, processor = append(seconds, r.WallSeconds/work.scale), append(processor, busy/work.scale)
	}
	for i := range near.all {
		add(in.works[i])
	}
	if near.lists == nil {
		for _, work := range in.works {
			add(work)
		}
	}
	u := unit{median(seconds), median(processor), near.lists != nil && near.differ == 0}
	w.units[id] = u
	return u
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[n/2] + values[(n-1)/2]) / 2
}

// sortedNames are the keys of a map.
func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
