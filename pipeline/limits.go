package pipeline

import "time"

// Limits are amounts of what a machine has.
type Limits struct {
	Cores  int   // threads that are kept busy at once
	Memory int64 // bytes
	GPUs   int
}

// Plus adds what another cell takes.
func (l Limits) Plus(m Limits) Limits {
	return Limits{l.Cores + m.Cores, l.Memory + m.Memory, l.GPUs + m.GPUs}
}

// Minus is what is left beside m.
func (l Limits) Minus(m Limits) Limits {
	return Limits{l.Cores - m.Cores, l.Memory - m.Memory, l.GPUs - m.GPUs}
}

// Holds says whether there is enough for m. What is not asked for cannot be short.
func (l Limits) Holds(m Limits) bool {
	return m.Cores <= l.Cores && (m.Memory <= l.Memory || m.Memory == 0) && (m.GPUs <= l.GPUs || m.GPUs == 0)
}

// Usage is what a cell took of the machine. Zero: not known.
type Usage struct {
	CPU        time.Duration
	PeakMemory int64 // bytes
}
