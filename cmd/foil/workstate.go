package main

import (
	"fmt"
	"strings"

	"foil/internal/store/disk"
)

// stateText says how far a cell is that is not in the cache.
func stateText(s *disk.WorkState) string { return stateWith(s, s.Failure) }

// shortState is stateText in a line.
func shortState(s *disk.WorkState) string {
	failure, _, more := strings.Cut(s.Failure, "\n")
	if more {
		failure += " ..."
	}
	return stateWith(s, failure)
}

// stateWithLog is stateText and where to read on.
func stateWithLog(s *disk.WorkState) string {
	if s.Log == "" {
		return stateText(s)
	}
	return stateText(s) + " (log: " + s.Log + ")"
}

func stateWith(s *disk.WorkState, failure string) string {
	switch {
	case s.Orphan != nil:
		return "is locked: " + s.Orphan.String()
	case s.Running && s.Owner != nil:
		return fmt.Sprintf("is being made by process %d%s since %s", s.Owner.PID, onHost(s.Owner.Host), timeText(s.Owner.Since))
	case s.Running:
		return "is being made"
	}
	text := "interrupted"
	if failure != "" {
		text = "failed: " + failure
	}
	switch {
	case s.Checkpoint:
		text += "; the next run goes on from the checkpoint of " + timeText(s.Saved)
	case failure == "":
		text += "; the next run begins anew"
	}
	return text
}
