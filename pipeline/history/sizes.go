package history

import (
	"fmt"
	"strconv"
	"strings"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
)

// sizes are the bytes of the files of an artifact. Nil: not known.
type sizes map[string]int64

func sizesOf(r *store.Record) sizes {
	s := sizes{}
	for _, f := range r.Outputs {
		s[f.Name] = f.Size
	}
	return s
}

// inputSizes are the bytes of the files of all inputs, by input and file. A gather has the sum over
// its cells. Nil: not known.
type inputSizes map[string]sizes

func (s inputSizes) add(input string, files sizes) {
	if s[input] == nil {
		s[input] = sizes{}
	}
	for name, size := range files {
		s[input][name] += size
	}
}

// total is the bytes of an input.
func (s sizes) total() (total int64) {
	for _, size := range s {
		total += size
	}
	return total
}

// inputSizes are the sizes of the inputs of a record, if their records exist.
func (h *History) inputSizes(r *store.Record) inputSizes {
	all := inputSizes{}
	for _, in := range r.Inputs {
		from := h.of[in.Key]
		if from == nil {
			return nil
		}
		all.add(in.Name, sizesOf(from.record))
	}
	return all
}

// inputs are the sizes of the inputs of a node, as far as they are known or can be predicted.
func (w *Costs) inputs(n *graph.Node) inputSizes {
	all := inputSizes{}
	for _, in := range n.Inputs {
		for _, from := range in.From {
			s := w.output(from)
			if s == nil {
				return nil
			}
			all.add(in.Name, s)
		}
	}
	return all
}

// output is the sizes of a node's output: those in its record, or those of similar work.
func (w *Costs) output(n *graph.Node) sizes {
	s, ok := w.sizes[n]
	if !ok {
		if r := w.plan.Cell(n).Record; r != nil {
			s = sizesOf(r)
		} else {
			s = w.predicted(n)
		}
		w.sizes[n] = s
	}
	return s
}

// predicted is the sizes of the output of work like that of n: work whose inputs had about the same
// sizes. Work without inputs must have the same parameters.
func (w *Costs) predicted(n *graph.Node) sizes {
	if w.history.kinds[n.Kind.Name] == nil {
		return nil
	}
	all := w.lines(n)
	lines := settings(all)
	in := w.class(n, all)
	inputs := w.inputs(n)
	if in == nil || inputs == nil {
		return nil
	}
	id := n.Kind.Name + "\n" + string(lines.Text())
	for _, name := range sortedNames(inputs) {
		id += fmt.Sprintf("%s %d\n", name, inputs[name].total())
	}
	s, ok := w.similar[id]
	if !ok {
		s = in.similar(lines, others(n.Kind, lines), inputs)
		w.similar[id] = s
	}
	return s
}

// manySimilar is how many works of a class are compared with a cell.
const manySimilar = 200

func (c *class) similar(lines, own digest.KeyLines, inputs inputSizes) sizes {
	fits := func(work sizedWork) bool {
		if len(inputs) == 0 {
			return distance(settings(work.lines), lines) == 0
		}
		return alike(work.inputs, inputs)
	}
	tries := 0
	for i := range c.others.near(own).all {
		if work := c.works[i]; fits(work) {
			return sizesOf(work.record)
		}
		if tries++; tries == manySimilar {
			return nil
		}
	}
	for _, work := range c.works[:min(len(c.works), manySimilar)] {
		if fits(work) {
			return sizesOf(work.record)
		}
	}
	return nil
}

// alike reports whether inputs have about the same sizes.
func alike(a, b inputSizes) bool {
	const most = 1.25
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		x, y := float64(a[name].total()), float64(b[name].total())
		if b[name] == nil || x > most*y || y > most*x {
			return false
		}
	}
	return true
}

// scaleOf is the product of what the time of a cell is in proportion to. ok is false if a part of
// it is not known.
func scaleOf(kind *pipeline.Kind, settings digest.KeyLines, inputs inputSizes) (scale float64, ok bool) {
	if kind.Cost.IsZero() {
		if inputs == nil {
			return 0, false
		}
		total := int64(0)
		for _, s := range inputs {
			total += s.total()
		}
		return float64(max(total, 1)), true
	}
	scale = 1
	for _, name := range kind.Cost.Times {
		if need, file, isFile := kind.Cost.IsFile(name); isFile {
			scale *= float64(inputs[need][file])
		} else {
			scale *= parameter(settings, name)
		}
	}
	return scale, scale > 0
}

// parameter is the value of a parameter, or 0 if it is not a positive number.
func parameter(settings digest.KeyLines, name string) float64 {
	for _, l := range settings {
		if l.Part == digest.PartParameter && l.Name == name {
			v, err := strconv.ParseFloat(strings.TrimSpace(l.Value), 64)
			if err != nil || v < 0 {
				return 0
			}
			return v
		}
	}
	return 0
}
