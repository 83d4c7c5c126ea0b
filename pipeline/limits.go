package pipeline

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"foil/spec"
)

// Limits are amounts of what a machine has.
type Limits struct {
	Cores  int   // threads that cells may keep busy at once; 0: as many as the processor has
	Memory int64 // bytes that cells may ask for at once; 0: not limited
	GPUs   int
}

func (l Limits) withDefaults() Limits {
	if l.Cores <= 0 {
		l.Cores = runtime.GOMAXPROCS(0)
	}
	if l.Memory <= 0 {
		l.Memory = math.MaxInt64
	}
	return l
}

func (l Limits) plus(m Limits) Limits {
	return Limits{l.Cores + m.Cores, l.Memory + m.Memory, l.GPUs + m.GPUs}
}

func (l Limits) minus(m Limits) Limits {
	return Limits{l.Cores - m.Cores, l.Memory - m.Memory, l.GPUs - m.GPUs}
}

// holds says whether there is enough for m. What is not asked for cannot be short.
func (l Limits) holds(m Limits) bool {
	return m.Cores <= l.Cores && (m.Memory <= l.Memory || m.Memory == 0) && (m.GPUs <= l.GPUs || m.GPUs == 0)
}

// wants is what a cell of the node takes.
func (o Options) wants(n *Node) Limits {
	r := n.Stage.Resources
	l := Limits{Cores: int(r.Cores.Value), Memory: r.Memory.Value, GPUs: int(r.GPUs.Value)}
	if l.Cores == 0 {
		l.Cores = o.Cores
	}
	return l
}

// checkLimits reports stages whose cells ask for more than there is, and may have
// to run: a result that is there asks for nothing.
func (p *Plan) checkLimits() error {
	var errs spec.Errors
	var checked []*spec.Stage
	all := p.opts.Limits
	for _, c := range p.Cells {
		if c.State == Hit || slices.Contains(checked, c.Node.Stage) {
			continue
		}
		checked = append(checked, c.Node.Stage)
		name, r, want := c.Node.Stage.Name, c.Node.Stage.Resources, p.opts.wants(c.Node)
		at := func(pos spec.Pos, format string, args ...any) {
			if !pos.IsValid() {
				pos = c.Node.Stage.Pos
			}
			errs = append(errs, &spec.Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
		}
		if want.Cores > all.Cores {
			at(r.Cores.Pos, "a cell of stage %q takes %s, and a run may use %d here; --cores says otherwise", name, count(want.Cores, "core"), all.Cores)
		}
		if want.Memory > all.Memory {
			at(r.Memory.Pos, "a cell of stage %q takes %s of memory, and a run may use %s here; --memory says otherwise", name, spec.FormatSize(want.Memory), spec.FormatSize(all.Memory))
		}
		if want.GPUs > all.GPUs {
			at(r.GPUs.Pos, "a cell of stage %q takes %s, and a run may use %d here; --gpus says otherwise", name, count(want.GPUs, "GPU"), all.GPUs)
		}
	}
	return p.Graph.Spec.Report(errs)
}
