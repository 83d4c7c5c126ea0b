package main

import (
	"fmt"
	"strings"
	"time"

	"foil/pipeline"
	"foil/spec"
)

// took says what making a cell took, as far as it is known.
func took(e pipeline.CellDone) string {
	return duration(e.Duration) + costs(e.Record.CPU(), e.Record.PeakMemory, "")
}

// costs is " (4.5s CPU, peak 27.6 MB in CELL)", as far as the amounts are known.
func costs(cpu time.Duration, memory int64, in string) string {
	var known []string
	if cpu > 0 {
		known = append(known, duration(cpu)+" CPU")
	}
	if memory > 0 {
		known = append(known, "peak "+spec.FormatSize(memory)+in)
	}
	if len(known) == 0 {
		return ""
	}
	return " (" + strings.Join(known, ", ") + ")"
}

// duration writes a time as precisely as people want to know it: 12.3ms, 4.56s,
// 12m 3s, 2h 5m.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	case d < time.Minute:
		return d.Round(10 * time.Millisecond).String()
	case d < time.Hour:
		s := int(d.Round(time.Second) / time.Second)
		return fmt.Sprintf("%dm %ds", s/60, s%60)
	default:
		m := int(d.Round(time.Minute) / time.Minute)
		return fmt.Sprintf("%dh %dm", m/60, m%60)
	}
}
