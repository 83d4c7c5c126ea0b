package pipeline

import "time"

// A load is what cells keep busy over time: of all of them, the amount that each takes
// of the machine times how long it takes it, in nanoseconds.
type load struct{ cores, memory, gpus float64 }

func (l *load) add(want Limits, wall time.Duration) {
	l.cores += float64(want.Cores) * float64(wall)
	l.memory += float64(want.Memory) * float64(wall)
	l.gpus += float64(want.GPUs) * float64(wall)
}

// least is the time in which a machine gets through, if it is never idle. What it has
// nothing of does not count: a run would refuse such cells.
func (l load) least(all Limits) time.Duration {
	d := max(l.cores/float64(all.Cores), l.memory/float64(all.Memory))
	if all.GPUs > 0 {
		d = max(d, l.gpus/float64(all.GPUs))
	}
	return time.Duration(d)
}
