package main

import (
	"fmt"
	"strings"
	"time"

	"foil/internal/store/disk"
	"foil/internal/words"
	"foil/pipeline/run"
	"foil/spec"
)

// took is "4.6s (4.5s CPU, peak 27.6 MB)", as far as the amounts are known.
func took(e run.CellDone) string {
	return duration(e.Duration) + costs(e.Record.CPU(), e.Record.PeakMemory, "")
}

// tookCPU is took without the memory.
func tookCPU(e run.CellDone) string { return duration(e.Duration) + costs(e.Record.CPU(), 0, "") }

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

// duration writes a time with a useful precision: 12ms, 4.56s, 12m 3s, 2h 5m.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1ms"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
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

func timeText(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

func onHost(host string) string {
	if host == "" {
		return ""
	}
	return " on " + host
}

// stateText describes a cell that was begun but not finished.
func stateText(s *disk.WorkState) string { return stateWith(s, s.Failure) }

// shortState is stateText on one line.
func shortState(s *disk.WorkState) string {
	return stateWith(s, firstLine(s.Failure))
}

// firstLine shortens an error that is shown in full elsewhere.
func firstLine(text string) string {
	first, _, more := strings.Cut(text, "\n")
	if more {
		first += " ..."
	}
	return first
}

// stateWithLog is stateText with the path of the log.
func stateWithLog(s *disk.WorkState) string {
	if s.Log == "" {
		return stateText(s)
	}
	return stateText(s) + "\n  log: " + s.Log
}

func stateWith(s *disk.WorkState, failure string) string {
	switch {
	case s.Orphan != nil:
		return "is locked: " + s.Orphan.String()
	case s.Running && s.Owner != nil:
		return fmt.Sprintf("is running in process %d%s since %s", s.Owner.PID, onHost(s.Owner.Host), timeText(s.Owner.Since))
	case s.Running:
		return "is running"
	}
	text := "interrupted"
	if failure != "" {
		text = "failed: " + failure
	}
	next := "; "
	if strings.Contains(failure, "\n") {
		next = "\n  "
	}
	switch {
	case s.Checkpoint:
		text += next + "the next run resumes from the checkpoint of " + timeText(s.Saved)
	case failure == "":
		text += "; the next run starts it over"
	}
	return text
}

// about writes an estimated time.
func about(d time.Duration) string {
	if d < time.Second {
		return span(d)
	}
	return "about " + span(d)
}

// span writes a time with no more precision than estimates have.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return "less than a second"
	case d < 100*time.Second:
		return words.Count(int(d.Round(time.Second).Seconds()), "second")
	case d < 100*time.Minute:
		return words.Count(int(d.Round(time.Minute).Minutes()), "minute")
	case d < 10*time.Hour:
		return fmt.Sprintf("%.1f hours", d.Hours())
	case d < 48*time.Hour:
		return words.Count(int(d.Round(time.Hour).Hours()), "hour")
	}
	return words.Count(int(d.Round(24*time.Hour).Hours()/24), "day")
}
