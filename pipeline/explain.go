package pipeline

import (
	"slices"
	"strings"

	"foil/internal/digest"
	"foil/internal/store"
)

// An Explanation says of what a cell's key is made and, where the cell is not
// in the cache, why.
type Explanation struct {
	*PlannedCell
	Text  string    // of the key; where it is not known yet, as far as it is
	Lines []KeyLine // of Text; the value of an input that is not known yet is empty

	// Nearest is the work of the same kind that is most like that of a cell
	// which was never made: see History. Differences are between the two.
	Nearest     *store.Record
	Differences []Difference

	// Waits explains the cell that has to be made first: before this one's key is
	// known, or because it does the same work.
	Waits *Explanation
}

// A Difference is a line in which two works differ. Old or New is empty when
// only one of them has such a line.
type Difference struct {
	KeyLine
	Old, New string

	// Of an input: the cell that made the new content, and in what its work
	// differs from that which made the old. SameWork says that it does not.
	Cell     string
	Because  []Difference
	SameWork bool
}

// An Explainer compares the cells of a plan with what a cache remembers.
type Explainer struct {
	plan    *Plan
	history *History
	cells   map[*Node]*PlannedCell
}

// Explainer returns one for the plan's cells.
func (p *Plan) Explainer(h *History) *Explainer {
	x := &Explainer{plan: p, history: h, cells: make(map[*Node]*PlannedCell, len(p.Cells))}
	for _, c := range p.Cells {
		x.cells[c.Node] = c
	}
	return x
}

// Explain says why a cell of the plan is what it is.
func (x *Explainer) Explain(n *Node) *Explanation {
	c := x.cells[n]
	e := &Explanation{PlannedCell: c, Text: x.text(c)}
	for _, l := range keyLines(e.Text) {
		if l.Part == PartInput && l.Value == notKnown {
			l.Value = ""
		}
		e.Lines = append(e.Lines, l)
	}
	switch {
	case c.SameAs != nil:
		e.Waits = x.Explain(c.SameAs)
		return e
	case c.State == Unknown:
		e.Waits = x.Explain(x.firstMissing(n))
	case c.State == Hit || c.Reason != store.NeverMade.Reason:
		return e
	}
	known := slices.DeleteFunc(slices.Clone(e.Lines), func(l KeyLine) bool { return l.Value == "" })
	slices.SortFunc(known, KeyLine.is)
	if e.Nearest = x.history.nearest(n.Kind.Name, n.ID, known); e.Nearest != nil {
		e.Differences = x.compare(e.Nearest, known, x.inputs(c))
		e.Differences = slices.DeleteFunc(e.Differences, func(d Difference) bool {
			return slices.ContainsFunc(e.Lines, func(l KeyLine) bool { return l.is(d.KeyLine) == 0 && l.Value == "" })
		})
	}
	return e
}

// notKnown stands for the digest of an input that has to be made first.
const notKnown = "?"

func (x *Explainer) text(c *PlannedCell) string {
	if c.KeyText != "" {
		return c.KeyText
	}
	text := keyText(c.Node, x.plan.opts.Backend, c.sources, func(from *Node) digest.Digest { return x.cells[from].artifact })
	return strings.ReplaceAll(text, " "+digest.Digest{}.String()+"\n", " "+notKnown+"\n")
}

// firstMissing is a cell that n needs, and that will run.
func (x *Explainer) firstMissing(n *Node) *Node {
	for _, in := range n.Inputs {
		for _, from := range in.From {
			switch c := x.cells[from]; c.State {
			case Miss:
				return from
			case Unknown:
				return x.firstMissing(from)
			}
		}
	}
	return n
}

// inputs are those that a record of the cell would name.
func (x *Explainer) inputs(c *PlannedCell) []store.Input {
	var list []store.Input
	for _, in := range c.Node.Inputs {
		for _, from := range in.From {
			f := x.cells[from]
			list = append(list, store.Input{Name: in.Name, Cell: from.ID, Key: f.Key, Digest: f.artifact})
		}
	}
	return list
}

// compare lists in what new work differs from old work.
func (x *Explainer) compare(old *store.Record, lines []KeyLine, inputs []store.Input) []Difference {
	var list []Difference
	eachPair(sortedLines(old.KeyText), lines, func(a, b *KeyLine) {
		d := Difference{}
		switch {
		case a != nil && b != nil && a.Value == b.Value:
			return
		case a == nil:
			d.KeyLine, d.New = *b, b.Value
		case b == nil:
			d.KeyLine, d.Old = *a, a.Value
		default:
			d.KeyLine, d.Old, d.New = *b, a.Value, b.Value
		}
		if d.Part == PartInput {
			x.trace(&d, old.Inputs, inputs)
		}
		list = append(list, d)
	})
	return list
}

// trace follows an input to the works that made its old and its new content.
func (x *Explainer) trace(d *Difference, old, new []store.Input) {
	before, after := inputOf(d, old, d.Old), inputOf(d, new, d.New)
	if after == nil {
		return
	}
	d.Cell = after.Cell
	if before == nil {
		return
	}
	if d.SameWork = before.Key == after.Key; d.SameWork {
		return
	}
	if a, b := x.history.of[before.Key], x.history.of[after.Key]; a != nil && b != nil {
		d.Because = x.compare(a, sortedLines(b.KeyText), b.Inputs)
	}
}

// inputOf finds the input that a line is about.
func inputOf(d *Difference, inputs []store.Input, digest string) *store.Input {
	name, _, _ := strings.Cut(d.Name, "[")
	for i, in := range inputs {
		if in.Name == name && in.Digest.String() == digest {
			return &inputs[i]
		}
	}
	return nil
}
