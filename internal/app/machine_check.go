package app

import (
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/spec"
)

// CheckMachine reports what the cells of a graph need on this machine and what is not there or will
// not work, such as the programs of commands. The error is spec.Errors.
func CheckMachine(g *graph.Graph) error {
	return checkMachine(g, &pipeline.Env{}, true, func(*graph.Node) bool { return true })
}

// checkMachine reports what is missing for the cells that are not in the cache.
func (v *View) checkMachine() error {
	hits := map[*graph.Node]bool{}
	for _, c := range v.Plan.Cells {
		hits[c.Node] = c.State == plan.Hit
	}
	return checkMachine(v.Plan.Graph, v.Plan.Options.Env, false, func(n *graph.Node) bool { return !hits[n] })
}

func checkMachine(g *graph.Graph, env *pipeline.Env, thorough bool, counts func(*graph.Node) bool) error {
	here := *env
	here.Files = g.Files
	var problems spec.Errors
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
		n.Kind.CheckMachine(&here, n.Params.Values, thorough, spec.ReportTo(func(path, message string) {
			problems = append(problems, &spec.Error{Pos: n.With.At(path), Msg: path + ": " + message})
		}))
	}
	return g.Spec.Report(problems)
}
