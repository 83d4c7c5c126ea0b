package main

import (
	"fmt"
	"strings"
	"time"

	"foil/pipeline"
)

// took says what making a cell took, as far as it is known.
func took(e pipeline.CellDone) string {
	text := duration(e.Duration)
	var more []string
	if s := e.Record.CPUSeconds; s > 0 {
		more = append(more, duration(time.Duration(s*float64(time.Second)))+" CPU")
	}
	if m := e.Record.PeakMemory; m > 0 {
		more = append(more, "peak "+bytesText(m))
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

// bytesText writes a size with three digits: 27.6 MB, 1.25 GB.
func bytesText(n int64) string {
	size, unit := float64(n), "B"
	for _, next := range []string{"kB", "MB", "GB", "TB"} {
		if size < 999.5 {
			break
		}
		size, unit = size/1000, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.3g %s", size, unit)
}
