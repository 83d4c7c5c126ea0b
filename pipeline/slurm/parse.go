package slurm

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var jobPattern = regexp.MustCompile(`^[0-9]+$`)

// parseSubmitted reads what sbatch --parsable prints: JOB or JOB;CLUSTER, possibly after lines of a
// plugin of the site.
func parseSubmitted(text string) (job string, err error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	job, _, _ = strings.Cut(strings.TrimSpace(lines[len(lines)-1]), ";")
	if !jobPattern.MatchString(job) {
		return "", fmt.Errorf("sbatch printed %.100q, which is not the number of a job", text)
	}
	return job, nil
}

// A Worker is an element of an array in the queue.
type Worker struct {
	Job    string // of the array
	Task   string // of the array; empty: there is no array
	State  State
	Reason string // why it is pending
	Node   string // empty: none yet
	Name   string // of the job
}

// A State is the state of a job, such as PENDING.
type State string

// Some states. Others are shown as they are.
const (
	Pending    State = "PENDING"
	Completing State = "COMPLETING" // it is being ended
)

// hasEnded lists the states in which a job has ended for good. In a state that is not known here, it
// is alive.
var hasEnded = map[State]bool{
	"BOOT_FAIL": true, "CANCELLED": true, "COMPLETED": true, "DEADLINE": true, "FAILED": true, "LAUNCH_FAILED": true,
	"NODE_FAIL": true, "OUT_OF_MEMORY": true, "PREEMPTED": true, "RECONFIG_FAIL": true, "REVOKED": true, "TIMEOUT": true,
}

// IsAlive reports whether a worker waits or runs.
func (w Worker) IsAlive() bool { return !hasEnded[w.State] }

// neverStarts explains reasons for which a job stays pending until people change something.
var neverStarts = map[string]string{
	"PartitionTimeLimit": "the time limit is above that of the partition: change slurm: {time}",
	"PartitionNodeLimit": "no node of the partition is large enough",
	"PartitionConfig":    "no node of the partition is large enough",
	"BadConstraints":     "no node has what they ask for",
	"InvalidAccount":     "change slurm: {account}",
	"InvalidQOS":         "change slurm: {qos}",
	"PartitionInactive":  "the partition takes no jobs now",
	"PartitionDown":      "the partition starts no jobs now",
}

// Text is the state of a worker for people, with the reason why it is pending.
func (w Worker) Text() string {
	text := strings.ToLower(string(w.State))
	if w.State != Pending || w.Reason == "" {
		return text
	}
	if why := neverStarts[w.Reason]; why != "" {
		return text + " (" + w.Reason + ": " + why + ")"
	}
	return text + " (" + w.Reason + ")"
}

// queueFormat is the format of squeue that parseQueue reads. The name comes last, because it may
// contain any character.
const queueFormat = "%F|%K|%T|%r|%N|%j"

// parseQueue reads what squeue prints, a line for each element of an array.
func parseQueue(text string) ([]Worker, error) {
	var list []Worker
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		f := strings.SplitN(line, "|", 6)
		if len(f) < 6 || !jobPattern.MatchString(f[0]) {
			return nil, fmt.Errorf("squeue printed %.100q, which is not in the format %s", line, queueFormat)
		}
		w := Worker{Job: f[0], Task: f[1], State: State(f[2]), Reason: f[3], Node: f[4], Name: f[5]}
		if w.Task == "N/A" {
			w.Task = ""
		}
		if w.Reason == "None" {
			w.Reason = ""
		}
		list = append(list, w)
	}
	return list, nil
}

// accountingFormat is the format of sacct that parseAccounting reads.
const accountingFormat = "State,ExitCode,JobName"

// parseAccounting reads what sacct prints: how workers have ended. "CANCELLED by 1000" is CANCELLED.
func parseAccounting(text string) (list []Worker) {
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSpace(line), "|", 3)
		state, _, _ := strings.Cut(f[0], " ")
		if len(f) == 3 && state != "" {
			list = append(list, Worker{State: State(state), Name: f[2]})
		}
	}
	return list
}

// parseMaxArray reads MaxArraySize from what scontrol show config prints. The highest number of an
// element is one less, so it is the number of elements. ok is false if it is not there.
func parseMaxArray(text string) (n int, ok bool) {
	for line := range strings.Lines(text) {
		name, value, found := strings.Cut(line, "=")
		if found && strings.TrimSpace(name) == "MaxArraySize" {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			return n, err == nil && n >= 0
		}
	}
	return 0, false
}
