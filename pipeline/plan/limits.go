package plan

import (
	"fmt"
	"slices"

	"foil/internal/words"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/spec"
)

// Wants is what a cell of the node takes of a machine.
func (o Options) Wants(n *graph.Node) pipeline.Limits {
	r := n.Stage.Resources
	l := pipeline.Limits{Cores: int(r.Cores.Value), Memory: r.Memory.Value, GPUs: int(r.GPUs.Value)}
	if l.Cores == 0 {
		l.Cores = o.Cores
	}
	return l
}

// CheckLimits reports stages whose cells ask for more than all that an executor has, and
// may have to run: a cache hit asks for nothing.
func (p *Plan) CheckLimits(all pipeline.Limits) error {
	var errs spec.Errors
	var checked []*spec.Stage
	for _, c := range p.Cells {
		if c.State == Hit || slices.Contains(checked, c.Node.Stage) {
			continue
		}
		checked = append(checked, c.Node.Stage)
		name, r, want := c.Node.Stage.Name, c.Node.Stage.Resources, p.Options.Wants(c.Node)
		at := func(pos spec.Pos, format string, args ...any) {
			if !pos.IsValid() {
				pos = c.Node.Stage.Pos
			}
			errs = append(errs, &spec.Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
		}
		if want.Cores > all.Cores {
			at(r.Cores.Pos, "a cell of stage %q takes %s, and a run may use %d here; --cores says otherwise", name, words.Count(want.Cores, "core"), all.Cores)
		}
		if want.Memory > all.Memory {
			at(r.Memory.Pos, "a cell of stage %q takes %s of memory, and a run may use %s here; --memory says otherwise", name, spec.FormatSize(want.Memory), spec.FormatSize(all.Memory))
		}
		if want.GPUs > all.GPUs {
			at(r.GPUs.Pos, "a cell of stage %q takes %s, and a run may use %d here; --gpus says otherwise", name, words.Count(want.GPUs, "GPU"), all.GPUs)
		}
	}
	return p.Graph.Spec.Report(errs)
}
