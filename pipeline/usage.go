package pipeline

import "time"

// Usage is what a cell took of the machine. Zero: not known.
type Usage struct {
	CPU        time.Duration
	PeakMemory int64 // bytes
}
