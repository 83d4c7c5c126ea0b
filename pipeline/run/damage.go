package run

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
)

// maxRepairs is the maximum number of repairs of the inputs of one cell.
const maxRepairs = 3

// disturbed: some inputs of the cell were damaged, or changed while the cell ran.
type disturbed struct {
	cell    *step
	inputs  map[*graph.Node]*store.DamagedError // what must be made again
	changed []pipeline.File                     // while the cell ran
	err     error

	log      string
	duration time.Duration
}

// A cell whose inputs changed while it ran is not published, because nobody knows what it has read.
// It runs a second time, and no other cell with these inputs runs beside it. If they change again,
// it fails. So innocent cells succeed, and a program that writes to its input runs twice at most.
// It runs once if it cannot be innocent: its kind found that its program may have written to the
// input, and no other cell of this run had the input at the same time.
func (m disturbed) handle(x *loop) {
	c := m.cell
	x.free(c)
	if m.changed != nil {
		x.disturbed++
		c.changes++
		alone := pipeline.CodeOf(m.err) == pipeline.InputChanged && !x.shared(c, m.changed, anyKind)
		if guilty := alone || slices.ContainsFunc(m.changed, c.wasApart); guilty || c.changes > maxRepairs {
			m.convict(x, guilty)
			return
		}
		c.setApart(m.changed)
		x.opts.OnEvent(CellNote{Node: c.Node, Key: c.key, Text: fmt.Sprintf("its input %s changed while it ran; it runs once more, apart from other cells with this input", m.changed[0].Name)})
	} else if c.known < x.disturbed {
		c.known = x.disturbed // a disturbed cell may have damaged them
	} else if c.repairs++; c.repairs > maxRepairs {
		for from, err := range m.inputs {
			m.fail(x, fmt.Errorf("input %s was made again %d times and is still damaged: %w; check the disk of the cache", from.ID, maxRepairs, err))
			return
		}
	}
	x.release(c)
	x.opts.OnEvent(CellAgain{Node: c.Node, Key: c.key})
	x.remake(c, m.inputs)
}

// convict fails a cell whose inputs change again and again. The error accuses its program only if
// it is guilty: no other cell had the inputs. They are made again when a cell needs them, or at
// once if the caller will read them.
func (m disturbed) convict(x *loop, guilty bool) {
	err := m.err
	var inputs *InputError
	if errors.As(err, &inputs) && pipeline.CodeOf(inputs.Err) == pipeline.InputChanged {
		if guilty {
			err = inputs.Err // which names the files as the program does
		} else {
			err = &InputError{Damaged: inputs.Damaged, Changed: inputs.Changed}
		}
	}
	m.fail(x, err)
	for from, err := range m.inputs {
		if s := x.of[from]; s.settled && s.outcome.Record != nil && x.opts.Deliver(from) {
			x.reopenDamaged(s, err)
		}
	}
}

func (m disturbed) fail(x *loop, err error) {
	x.fail(m.cell, Outcome{Err: &pipeline.CellError{Cell: m.cell.Node.ID, Kind: m.cell.Node.Kind.Name, Err: err, Log: m.log}, Duration: m.duration})
	x.release(m.cell)
}

// doubt: inputs of a cell may have been changed and restored while it ran. The answer is whether
// the cell may be published all the same. It may not if a program ran beside it with these inputs.
type doubt struct {
	cell   *step
	files  []pipeline.File
	answer chan<- bool
}

func (m doubt) handle(x *loop) {
	beside := slices.DeleteFunc(slices.Clone(m.files), m.cell.wasApart)
	m.answer <- !x.shared(m.cell, beside, runsProgram)
}

// A company is what a step remembers about its last job, and about other cells with the same
// inputs.
type company struct {
	reads        map[digest.Digest][]*graph.Node // the content of its inputs, with the nodes that made it
	began, ended int                             // on the clock of the loop; ended 0: it runs
	changes      int                             // how many times its inputs changed while it ran
	known        int                             // how many jobs were disturbed when its inputs were found damaged

	// No other cell may have these inputs beside it. A node that is made again may give another
	// content, and nodes may have the same content, so an input is here under both names.
	apart      map[digest.Digest]bool
	apartNodes map[*graph.Node]bool
}

func (c *company) runs() bool { return c.began > 0 && c.ended == 0 }

// setApart lets no other cell have some inputs of the last job beside the next one.
func (c *company) setApart(files []pipeline.File) {
	if c.apart == nil {
		c.apart, c.apartNodes = map[digest.Digest]bool{}, map[*graph.Node]bool{}
	}
	for _, f := range files {
		c.apart[f.Digest] = true
		for _, from := range c.reads[f.Digest] {
			c.apartNodes[from] = true
		}
	}
}

// wasApart reports whether the cell was the only one with an input of its last job.
func (c *company) wasApart(f pipeline.File) bool {
	return c.apart[f.Digest] || slices.ContainsFunc(c.reads[f.Digest], func(from *graph.Node) bool { return c.apartNodes[from] })
}

// excludes reports whether a cell with some inputs must not run beside c.
func (c *company) excludes(other *step, contents map[digest.Digest][]*graph.Node) bool {
	if c.apart == nil {
		return false
	}
	for d := range c.apart {
		if contents[d] != nil {
			return true
		}
	}
	return slices.ContainsFunc(other.Node.Needs(), func(from *graph.Node) bool { return c.apartNodes[from] })
}

// shared reports whether other cells of some kinds had one of the files during the last job of a
// cell.
func (x *loop) shared(c *step, files []pipeline.File, kinds func(*pipeline.Kind) bool) bool {
	return slices.ContainsFunc(x.steps, func(other *step) bool {
		beside := other != c && other.began > 0 && (other.ended == 0 || other.ended > c.began)
		return beside && kinds(other.Node.Kind) && slices.ContainsFunc(files, func(f pipeline.File) bool { return other.reads[f.Digest] != nil })
	})
}

func anyKind(*pipeline.Kind) bool { return true }

func runsProgram(k *pipeline.Kind) bool { return k.RunsProgram }

// keepApart lets a ready cell wait for the end of cells with the same inputs, if it or one of them
// must be apart.
func (x *loop) keepApart(c *step) bool {
	if x.disturbed == 0 {
		return false
	}
	var own map[digest.Digest][]*graph.Node
	for _, other := range x.inFlight {
		if other == c || !other.runs() {
			continue
		}
		if other.apart != nil && own == nil {
			own = x.contents(c)
		}
		if c.excludes(other, other.reads) || other.excludes(c, own) {
			x.aside = append(x.aside, c)
			return true
		}
	}
	return false
}

// contents are the files of the inputs of a ready cell, with the nodes that made them.
func (x *loop) contents(c *step) map[digest.Digest][]*graph.Node {
	all := map[digest.Digest][]*graph.Node{}
	for _, from := range c.needs(x) {
		for _, f := range from.outcome.Artifact.Files {
			all[f.Digest] = append(all[f.Digest], from.Node)
		}
	}
	return all
}

// readmit queues the cells that were kept apart. It is called when a job has ended.
func (x *loop) readmit() {
	for _, c := range x.aside {
		x.ready.add(c)
	}
	x.aside = nil
}
