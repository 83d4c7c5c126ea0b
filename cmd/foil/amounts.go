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
	text := duration(e.Duration)
	var more []string
	if s := e.Record.CPUSeconds; s > 0 {
		more = append(more, duration(time.Duration(s*float64(time.Second)))+" CPU")
	}
	if m := e.Record.PeakMemory; m > 0 {
		more = append(more, "peak "+spec.FormatSize(m))
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
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
