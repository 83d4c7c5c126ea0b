package pipeline

import "time"

// Limits are amounts of what a machine has.
type Limits struct {
	Cores  int   // threads that run at the same time
	Memory int64 // bytes
	GPUs   int
}

// Plus adds the limits of another cell.
func (l Limits) Plus(m Limits) Limits {
	return Limits{l.Cores + m.Cores, l.Memory + m.Memory, l.GPUs + m.GPUs}
}

// Minus is the rest after m is taken.
func (l Limits) Minus(m Limits) Limits {
	return Limits{l.Cores - m.Cores, l.Memory - m.Memory, l.GPUs - m.GPUs}
}

// Holds reports whether there is enough for m. Zero amounts of m always fit.
func (l Limits) Holds(m Limits) bool {
	return m.Cores <= l.Cores && (m.Memory <= l.Memory || m.Memory == 0) && (m.GPUs <= l.GPUs || m.GPUs == 0)
}

// Usage is the resources that a cell used. Zero: not known.
type Usage struct {
	CPU        time.Duration
	PeakMemory int64 // bytes
}
