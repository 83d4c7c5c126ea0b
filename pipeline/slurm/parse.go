package slurm

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
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
	Reason string    // why it is pending
	Node   string    // empty: none yet
	Name   string    // of the job
	Ended  time.Time // of its processes, or when they will end at the latest; zero: not known
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

// manyCompleting is how long the end of a job may take. A node that hangs may keep it in this state
// for days.
const manyCompleting = 5 * time.Minute

// IsOfUse reports whether a worker is alive and may make cells without anybody's help. It may not if
// it is held, or if it has been completing for a long time.
func (w Worker) IsOfUse(now time.Time) bool {
	stuck := w.State == Completing && !w.Ended.IsZero() && now.Sub(w.Ended) > manyCompleting
	return w.IsAlive() && !w.IsHeld() && !stuck
}

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

	"QOSMaxWallDurationPerJobLimit":   "the time limit is above that of the QOS: change slurm: {time} or {qos}",
	"AssocMaxWallDurationPerJobLimit": "the time limit is above that of the account: change slurm: {time} or {account}",
	"QOSMaxMemoryPerJob":              "the memory is above the limit of the QOS: change memory of the stages, or slurm: {qos}",
	"QOSMaxGRESPerJob":                "the GPUs are above the limit of the QOS: change gpus of the stages, or slurm: {qos}",

	heldByUser:  "scontrol release JOB lets it start",
	heldByAdmin: "an administrator holds it",
	heldLaunch:  "Slurm could not start it; after scontrol release JOB it tries again",
}

// The reasons of jobs that are held. They stay pending until somebody releases them.
const (
	heldByUser  = "JobHeldUser"
	heldByAdmin = "JobHeldAdmin"
	heldLaunch  = "launch failed requeued held"
)

// IsHeld reports whether a worker is held.
func (w Worker) IsHeld() bool {
	reason := strings.ReplaceAll(w.Reason, "_", " ")
	return w.State == Pending && (reason == heldByUser || reason == heldByAdmin || reason == heldLaunch)
}

// Text is the state of a worker for people, with the reason why it is pending.
func (w Worker) Text() string {
	text := strings.ToLower(string(w.State))
	if w.State != Pending || w.Reason == "" {
		return text
	}
	if why := neverStarts[strings.ReplaceAll(w.Reason, "_", " ")]; why != "" {
		return text + " (" + w.Reason + ": " + why + ")"
	}
	return text + " (" + w.Reason + ")"
}

// queueFormat is the format of squeue that parseQueue reads. The name comes last, because it may
// contain any character.
const queueFormat = "%F|%K|%T|%r|%N|%e|%j"

// parseQueue reads what squeue prints, a line for each element of an array.
func parseQueue(text string) ([]Worker, error) {
	var list []Worker
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		f := strings.SplitN(line, "|", 7)
		if len(f) < 7 || !jobPattern.MatchString(f[0]) {
			return nil, fmt.Errorf("squeue printed %.100q, which is not in the format %s", line, queueFormat)
		}
		w := Worker{Job: f[0], Task: f[1], State: State(f[2]), Reason: f[3], Node: f[4], Name: f[6]}
		if w.Task == "N/A" {
			w.Task = ""
		}
		if w.Reason == "None" {
			w.Reason = ""
		}
		w.Ended, _ = time.ParseInLocation("2006-01-02T15:04:05", f[5], time.Local) // N/A: it has not started
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

// A Config is what foil must know about a cluster.
type Config struct {
	Name     string // empty: not known
	MaxArray int    // the largest number of elements of an array; 0: arrays are not allowed
	Private  bool   // users do not see the jobs of others
}

// parseConfig reads what scontrol show config prints.
func parseConfig(text string) Config {
	c := Config{MaxArray: defaultMaxArray}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "ClusterName":
			if value != "(null)" {
				c.Name = value
			}
		case "PrivateData":
			c.Private = slices.Contains(strings.Split(value, ","), "jobs")
		case "MaxArraySize": // the highest number of an element is one less
			if n, err := strconv.Atoi(value); err == nil && n >= 0 {
				c.MaxArray = n
			}
		}
	}
	return c
}

// parseMaxTime reads the time limit of partitions from what scontrol --oneliner show partition
// prints. Several partitions are separated by commas, and the shortest limit counts; "" is the default
// partition. It is 0 if there is no limit, or if it is not known.
func parseMaxTime(text, partitions string) (limit time.Duration) {
	for line := range strings.Lines(text) {
		fields := map[string]string{}
		for word := range strings.FieldsSeq(line) {
			if name, value, ok := strings.Cut(word, "="); ok {
				fields[name] = value
			}
		}
		if partitions == "" && fields["Default"] != "YES" ||
			partitions != "" && !slices.Contains(strings.Split(partitions, ","), fields["PartitionName"]) {
			continue
		}
		if d := parseTime(fields["MaxTime"]); d > 0 && (limit == 0 || d < limit) {
			limit = d
		}
	}
	return limit
}

// parseTime reads DAYS-HOURS:MINUTES:SECONDS, of which the days may be missing. It returns 0 for other
// texts, such as UNLIMITED.
func parseTime(text string) time.Duration {
	days, clock, ok := strings.Cut(text, "-")
	if !ok {
		days, clock = "0", text
	}
	parts := append([]string{days}, strings.Split(clock, ":")...)
	if len(parts) != 4 {
		return 0
	}
	var d time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, err := strconv.ParseUint(parts[i], 10, 16)
		if err != nil {
			return 0
		}
		d += time.Duration(n) * unit
	}
	return d
}
