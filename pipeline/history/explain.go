package history

import (
	"fmt"
	"slices"
	"strings"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/words"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
)

// An Explanation holds the lines of a cell's key and, for a cache miss, the reason.
type Explanation struct {
	*plan.Cell
	// Lines are the lines of the key. The value of an input that is not known yet is NotKnown.
	Lines digest.KeyLines

	// Nearest is set for a cell that was never made: the most similar work of the same kind (see
	// History). Differences are the differences between the two.
	Nearest     *store.Record
	Differences []Difference

	// Waits explains the cell that must be made first, either because the key of this cell depends
	// on it or because it does the same work.
	Waits *Explanation
}

// A Difference is a line in which two works differ. Old or New is empty if only one of them has
// this line.
type Difference struct {
	digest.KeyLine
	Old, New string

	// For an input: the cell that made the new content, and the differences of its work from the
	// work that made the old content. SameWork: there are no differences.
	Cell     string
	Because  []Difference
	SameWork bool
}

// An Explainer compares the cells of a plan with the records of a cache.
type Explainer struct {
	plan    *plan.Plan
	history *History
}

// NewExplainer returns an Explainer for the cells of a plan.
func NewExplainer(p *plan.Plan, h *History) *Explainer {
	return &Explainer{p, h}
}

// Explain explains the state of a cell of the plan.
func (x *Explainer) Explain(n *graph.Node) *Explanation {
	c := x.plan.Cell(n)
	e := &Explanation{Cell: c, Lines: x.lines(c)}
	switch {
	case c.SameAs != nil:
		e.Waits = x.Explain(c.SameAs)
		return e
	case c.State == plan.Unknown:
		e.Waits = x.Explain(x.firstMissing(n))
	case c.State == plan.Hit || !c.NeverMade:
		return e
	}
	known := slices.DeleteFunc(e.Lines.Sorted(), isNotKnown)
	if near := x.history.nearest(n.Kind, n.ID, known); near != nil {
		e.Nearest = near.record
		e.Differences = x.compare(near, known, x.inputs(c))
		hidden := map[digest.KeyLine]bool{} // the record may name an input that this cell does not know yet
		for _, l := range e.Lines {
			if isNotKnown(l) {
				hidden[digest.KeyLine{Part: l.Part, Name: l.Name}] = true
			}
		}
		e.Differences = slices.DeleteFunc(e.Differences, func(d Difference) bool {
			return hidden[digest.KeyLine{Part: d.Part, Name: d.Name}]
		})
	}
	return e
}

// NotKnown stands for the digest of an input that must be made first.
const NotKnown = "?"

func isNotKnown(l digest.KeyLine) bool { return l.Part == digest.PartInput && l.Value == NotKnown }

func (x *Explainer) lines(c *plan.Cell) digest.KeyLines {
	lines := x.plan.Lines(c)
	zero := digest.Digest{}.String()
	for i, l := range lines {
		if l.Part == digest.PartInput && l.Value == zero {
			lines[i].Value = NotKnown
		}
	}
	return lines
}

// firstMissing is the first dependency of n that will run.
func (x *Explainer) firstMissing(n *graph.Node) *graph.Node {
	for _, in := range n.Inputs {
		for _, from := range in.From {
			switch c := x.plan.Cell(from); c.State {
			case plan.Miss:
				return from
			case plan.Unknown:
				return x.firstMissing(from)
			}
		}
	}
	return n
}

// inputs are the inputs that a record of the cell would name.
func (x *Explainer) inputs(c *plan.Cell) []store.Input {
	var list []store.Input
	for _, in := range c.Node.Inputs {
		for _, from := range in.From {
			f := x.plan.Cell(from)
			list = append(list, store.Input{Name: in.Name, Cell: from.ID, Key: f.Key, Digest: f.Content})
		}
	}
	return list
}

// compare lists the differences between new work and old work.
func (x *Explainer) compare(old *past, lines digest.KeyLines, inputs []store.Input) []Difference {
	var before, after inputIndex // made when an input differs
	var list []Difference
	eachPair(old.lines, lines, func(a, b *digest.KeyLine) {
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
		if d.Part == digest.PartInput {
			if before == nil {
				before, after = indexInputs(old.record.Inputs), indexInputs(inputs)
			}
			x.trace(&d, before, after)
		}
		list = append(list, d)
	})
	return list
}

// trace finds the works that made the old and the new content of an input.
func (x *Explainer) trace(d *Difference, old, now inputIndex) {
	before, after := old.of(d, d.Old), now.of(d, d.New)
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
		d.Because = x.compare(a, b.lines, b.record.Inputs)
	}
}

// An inputIndex finds inputs by their name and content. A cell may gather thousands.
type inputIndex map[inputID]*store.Input

type inputID struct{ name, content string }

func indexInputs(inputs []store.Input) inputIndex {
	x := inputIndex{}
	for i := len(inputs) - 1; i >= 0; i-- { // the first of equal ones counts
		x[inputID{inputs[i].Name, inputs[i].Digest.String()}] = &inputs[i]
	}
	return x
}

// of finds the input of a key line.
func (x inputIndex) of(d *Difference, content string) *store.Input {
	name, _, _ := strings.Cut(d.Name, "[")
	return x[inputID{name, content}]
}

// Reason is why a cell is not a hit, in a few words. foil plan and foil run both show it.
func (x *Explainer) Reason(n *graph.Node) string {
	if c := x.plan.Cell(n); c.State != plan.Miss || !c.NeverMade {
		return c.Reason
	}
	return x.Explain(n).Short()
}

// Short is the reason for a cache miss in a few words.
func (e *Explanation) Short() string {
	if !e.differs() {
		return e.Reason
	}
	return "new: " + fewTexts(e.Differences, Difference.String)
}

// Class is Short without the values: equal for cells that differ in the same way.
func (e *Explanation) Class() string {
	if !e.differs() {
		return e.Reason
	}
	return "new: another " + fewTexts(e.Differences, Difference.name)
}

// differs reports whether the differences are the reason for the cache miss.
func (e *Explanation) differs() bool {
	return e.State == plan.Miss && e.Nearest != nil && len(e.Differences) > 0
}

// fewTexts describes the first differences.
func fewTexts(all []Difference, text func(Difference) string) string {
	const few = 2
	var texts []string
	for i, d := range all {
		if i == few {
			texts = append(texts, words.Count(len(all)-few, "more difference"))
			break
		}
		texts = append(texts, text(d))
	}
	return words.And(texts)
}

// name is what differs.
func (d Difference) name() string { return strings.TrimSpace(d.Part.String() + " " + d.Name) }

// String describes the difference, without its causes. It compares this work with the other one,
// and must not read like a change that somebody made or foil will make.
func (d Difference) String() string {
	what, is, now, old := d.name(), "is", shortHash(d.New), shortHash(d.Old)
	switch d.Part {
	case digest.PartInput:
		switch {
		case d.Old != "" && d.New != "":
			return what + " has different content"
		case d.Old == "":
			return what + " is additional"
		}
		return what + " is absent"
	case digest.PartKind:
		now = "version " + now
	case digest.PartGather:
		is = "are"
	}
	switch {
	case d.Old == "":
		return fmt.Sprintf("%s %s %s instead of none", what, is, now)
	case d.New == "":
		return fmt.Sprintf("%s %s absent instead of %s", what, is, old)
	}
	return fmt.Sprintf("%s %s %s instead of %s", what, is, now, old)
}

// shortHash shortens digests for people.
func shortHash(text string) string {
	const hash, short = 64, 12
	if len(text) == hash && strings.Trim(text, "0123456789abcdef") == "" {
		return text[:short]
	}
	return text
}

// Causes are the lines of an explanation: each difference, followed by the causes of different
// inputs, indented. A gathering cell may have many.
func (e *Explanation) Causes() []string { return causes(nil, e.Differences, "") }

func causes(lines []string, differences []Difference, indent string) []string {
	for _, d := range differences {
		line := indent + d.String()
		if d.Cell != "" {
			line += ", made by " + d.Cell
		}
		if d.SameWork {
			line += "; the same work gave a different output, for example on another processor"
		}
		lines = causes(append(lines, line), d.Because, indent+"  ")
	}
	return lines
}
