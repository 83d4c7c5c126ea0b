package app

import (
	"fmt"
	"strings"

	"foil/internal/words"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/spec"
)

// CheckMachine reports what the cells of a graph need on this machine and what is not there or will
// not work, such as the programs of commands. The error is spec.Errors.
func CheckMachine(g *graph.Graph) error {
	var all spec.Errors
	for _, p := range checkMachine(g, &pipeline.Env{}, func(*graph.Node) bool { return true }) {
		all = append(all, &spec.Error{Pos: p.pos, Msg: p.path + ": " + p.message})
	}
	return g.Spec.Report(all)
}

// A MachineError lists cells that are not in the cache and cannot be started on this machine.
type MachineError struct{ Cells []*pipeline.CellError }

func (e *MachineError) Error() string {
	var b strings.Builder
	for _, c := range e.Cells {
		b.WriteString(c.Error() + "\n")
	}
	return b.String() + e.Summary()
}

// Summary is the last line of the error.
func (e *MachineError) Summary() string {
	return fmt.Sprintf("nothing was run, because %s cannot be started", words.Count(len(e.Cells), "cell"))
}

// checkMachine reports what is missing for the cells that are not in the cache, and that another
// cell of the same work does not report. The error is a MachineError.
func (v *View) checkMachine() error {
	hits := map[*graph.Node]bool{}
	for _, c := range v.Plan.Cells {
		hits[c.Node] = c.State == plan.Hit
	}
	e := &MachineError{}
	for _, p := range checkMachine(v.Plan.Graph, v.Plan.Options.Env, func(n *graph.Node) bool { return !hits[n] }) {
		e.Cells = append(e.Cells, &pipeline.CellError{Cell: p.node.ID, Kind: p.node.Kind.Name, Err: fmt.Errorf("%s\n  at %v", p.message, p.pos)})
	}
	if e.Cells == nil {
		return nil
	}
	return e
}

// A machineProblem is something that a cell needs and that this machine does not have.
type machineProblem struct {
	node          *graph.Node
	pos           spec.Pos
	path, message string // path of the parameter
}

func checkMachine(g *graph.Graph, env *pipeline.Env, counts func(*graph.Node) bool) (problems []machineProblem) {
	here := *env
	here.Files = g.Files
	type work struct {
		kind   *pipeline.Kind
		params *pipeline.Parameters
	}
	checked := map[work]bool{} // nodes with equal parameters share them
	for _, n := range g.Nodes {
		if n.Kind == nil || n.Params.Values == nil { // the spec has an error there
			continue
		}
		if w := (work{n.Kind, n.Params}); !counts(n) || checked[w] {
			continue
		} else {
			checked[w] = true
		}
		n.Kind.CheckMachine(&here, n.Params.Values, spec.ReportTo(func(path, message string) {
			problems = append(problems, machineProblem{n, n.With().At(path), path, message})
		}))
	}
	return problems
}
