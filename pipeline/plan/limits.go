package plan

import (
	"fmt"

	"foil/internal/words"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/spec"
)

// Wants is the resources that a cell of the node uses.
func (o Options) Wants(n *graph.Node) pipeline.Limits {
	r := n.Stage.Resources
	l := pipeline.Limits{Cores: int(r.Cores.Value), Memory: r.Memory.Value, GPUs: int(r.GPUs.Value)}
	if l.Cores == 0 {
		l.Cores = o.Cores
	}
	return l
}

// CheckLimits reports stages whose cells ask for more than the capacity of an executor. Cache hits
// do not count.
func (p *Plan) CheckLimits(all pipeline.Limits) error {
	var errs spec.Errors
	checked := map[*spec.Stage]bool{}
	for _, c := range p.Cells {
		if c.State == Hit || checked[c.Node.Stage] {
			continue
		}
		checked[c.Node.Stage] = true
		name, r, want := c.Node.Stage.Name, c.Node.Stage.Resources, p.Options.Wants(c.Node)
		at := func(pos spec.Pos, format string, args ...any) {
			if !pos.IsValid() {
				pos = c.Node.Stage.Pos
			}
			errs = append(errs, &spec.Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
		}
		if want.Cores > all.Cores {
			at(r.Cores.Pos, "a cell of stage %q needs %s, but this run may use only %d; lower cores in the spec or change --cores", name, words.Count(want.Cores, "core"), all.Cores)
		}
		if want.Memory > all.Memory {
			at(r.Memory.Pos, "a cell of stage %q needs %s of memory, but this run may use only %s; lower memory in the spec or change --memory", name, spec.FormatSize(want.Memory), spec.FormatSize(all.Memory))
		}
		if want.GPUs > all.GPUs {
			at(r.GPUs.Pos, "a cell of stage %q needs %s, but this run may use only %d; lower gpus in the spec or change --gpus", name, words.Count(want.GPUs, "GPU"), all.GPUs)
		}
	}
	return p.Graph.Spec.Report(errs)
}
