package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"foil/pipeline"
	"foil/pipeline/run"
	"foil/pipeline/slurm"
)

// noSlurm is a machine without Slurm.
type noSlurm struct{}

func (noSlurm) Run(_ context.Context, _, name string, _ ...string) (string, error) {
	return "", &slurm.CommandError{Name: name, Err: exec.ErrNotFound}
}

// A queue plays the commands of Slurm. Its jobs are running until they are cancelled.
type queue struct {
	mu     sync.Mutex
	states []string // of jobs; the number of a job is its index + 1
	names  []string
	called []string
	reason string // why they are pending
	config string // of the cluster
	limit  bool   // of jobs, which is reached
	keeps  int    // calls of scancel that have no effect, and report no error: the jobs are of another user
}

func (q *queue) Run(_ context.Context, _, name string, args ...string) (string, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.called = append(q.called, name)
	var names []string
	for _, a := range args {
		if list, ok := strings.CutPrefix(a, "--name="); ok {
			names = strings.Split(list, ",")
		}
		if job, ok := strings.CutPrefix(a, "--job-name="); ok {
			q.states, q.names = append(q.states, "RUNNING"), append(q.names, job)
		}
	}
	switch name {
	case "sbatch":
		if q.limit {
			return "", &slurm.CommandError{Name: name, Stderr: "Job violates accounting/QOS policy", Err: errors.New("exit status 1")}
		}
		return fmt.Sprintln(len(q.names)), nil
	case "scontrol":
		return "MaxArraySize = 11\n" + q.config, nil
	}
	var b strings.Builder
	for i, job := range q.names {
		switch {
		case !slices.Contains(names, job):
		case name == "squeue":
			fmt.Fprintf(&b, "%d|N/A|%s|%s|n|N/A|%s\n", i+1, q.states[i], cmp.Or(q.reason, "None"), job)
		case name == "scancel" && q.count("scancel") > q.keeps && (q.states[i] == "PENDING" || !slices.Contains(args, "--state=PENDING")):
			q.states[i] = "CANCELLED"
		}
	}
	return b.String(), nil
}

func (q *queue) count(name string) int {
	return len(slices.DeleteFunc(slices.Clone(q.called), func(called string) bool { return called != name }))
}

// onQueue is an executor of another process, for an experiment with a missing cell.
func onQueue(t *testing.T, s Setup, file string, q *queue) *OnSlurm {
	t.Helper()
	v, err := s.Open(t.Context(), Experiment{Name: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Cache.Close)
	return &OnSlurm{
		View: v, Cluster: &slurm.Cluster{Commands: q}, Note: func(string) {},
		Command: func(*slurm.Array, string) []string { return []string{"true"} },
	}
}

func missing(t *testing.T) (s Setup, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "x.yaml")
	text := "name: x\nstages:\n  a: {uses: command, with: {run: [sh, -c, 'echo > out/a'], outputs: [a]}}\n"
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return Setup{Cache: filepath.Join(t.TempDir(), "cache"), Backend: "go"}, file
}

// Processes that start at the same time use the same workers.
func TestOneOfManyProcessesSubmits(t *testing.T) {
	s, file := missing(t)
	q := &queue{}
	var all []*OnSlurm
	for range 4 {
		all = append(all, onQueue(t, s, file, q))
	}
	var group sync.WaitGroup
	for _, o := range all {
		group.Go(func() {
			if needed, err := o.Start(t.Context()); err != nil || !needed {
				t.Error(needed, err)
			}
		})
	}
	group.Wait()
	for _, o := range all {
		if o.submission.ID != all[0].submission.ID {
			t.Errorf("submissions %s and %s", o.submission.ID, all[0].submission.ID)
		}
	}
	if n := q.count("sbatch"); n != 1 {
		t.Errorf("%d submissions", n)
	}

	// Their workers end, and all see that. One of them submits others.
	q.states[0] = "NODE_FAIL"
	for _, o := range all {
		group.Go(func() {
			if err := o.again(t.Context(), "ended"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := q.count("sbatch"); n != 2 {
		t.Errorf("%d submissions", n)
	}
}

// A process that watches workers does not replace those that foil cancel has ended.
func TestCancelledWorkersAreNotReplaced(t *testing.T) {
	s, file := missing(t)
	q := &queue{}
	watching := onQueue(t, s, file, q)
	if _, err := watching.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	submissions, workers, err := Cancel(t.Context(), onQueue(t, s, file, q).View, &slurm.Cluster{Commands: q})
	if submissions != 1 || workers != 1 || err != nil {
		t.Error(submissions, workers, err)
	}
	if err := watching.again(t.Context(), "ended"); err == nil || !strings.Contains(err.Error(), "were ended by foil cancel") {
		t.Error(err)
	}
	if err := watching.View.Requeue(t.Context(), watching.Cluster, watching.submission.ID, "1"); err == nil || !strings.Contains(err.Error(), "was cancelled") {
		t.Error(err)
	}
	if n := q.count("sbatch"); n != 1 {
		t.Errorf("%d submissions", n)
	}
	if _, err := onQueue(t, s, file, q).Start(t.Context()); err != nil || q.count("sbatch") != 2 {
		t.Errorf("a new command: %v, %q", err, q.called)
	}
}

// When all cells are made, workers that have not started are not needed. Others end by themselves.
func TestWorkersThatHaveNotStartedAreCancelledAtTheEnd(t *testing.T) {
	for state, want := range map[string]string{"PENDING": "CANCELLED", "RUNNING": "RUNNING"} {
		s, file := missing(t)
		q := &queue{}
		o := onQueue(t, s, file, q)
		if _, err := o.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		q.states[0] = state
		running := Running{Limits: pipeline.Limits{Cores: 1}, OnEvent: func(run.Event) {}}
		if _, err := onQueue(t, s, file, q).View.Work(t.Context(), running, o.submission.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Run(t.Context(), running); err != nil || q.states[0] != want {
			t.Errorf("%v, %s, want %s", err, q.states[0], want)
		}
	}
}

// scancel reports no error for jobs of other users.
func TestWorkersThatScancelDoesNotEndAreReported(t *testing.T) {
	s, file := missing(t)
	q := &queue{keeps: 100}
	o := onQueue(t, s, file, q)
	if _, err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := &slurm.Cluster{Commands: q, Pause: func(context.Context, time.Duration) error { return nil }}
	_, workers, err := Cancel(t.Context(), o.View, c)
	if workers != 0 || err == nil || !strings.Contains(err.Error(), "scancel did not end 1 worker: 1 running; only the user who submitted them") {
		t.Error(workers, err)
	}
	if err := o.submission.Refresh(); err != nil || o.submission.Cancelled {
		t.Error("noted as cancelled", err)
	}
	q.keeps = q.count("scancel") + 1 // it misses them once
	if _, workers, err := Cancel(t.Context(), o.View, c); workers != 1 || err != nil {
		t.Error(workers, err)
	}
}

// Old submissions cost no calls: there is one for all of them, also when nobody answers.
func TestOneLookAtTheQueueForAllSubmissions(t *testing.T) {
	s, file := missing(t)
	q := &queue{}
	for range 3 {
		o := onQueue(t, s, file, q)
		if _, err := o.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		q.states[len(q.states)-1] = "FAILED"
	}
	q.states[1] = "PENDING"
	q.called = nil
	v := onQueue(t, s, file, q).View
	if list, err := v.SlurmStatus(t.Context(), &slurm.Cluster{Commands: q}); err != nil || len(list) != 1 || list[0].Workers != "1 pending" || q.count("squeue") != 1 {
		t.Errorf("%+v, %v, %q", list, err, q.called)
	}
	none := &slurm.Cluster{Commands: noSlurm{}}
	if list, err := v.SlurmStatus(t.Context(), none); err != nil || len(list) != 1 || !errors.Is(list[0].Err, slurm.ErrNoSlurm) {
		t.Errorf("%+v, %v", list, err)
	}
	if _, _, err := Cancel(t.Context(), v, none); !errors.Is(err, slurm.ErrNoSlurm) {
		t.Error(err)
	}
}

// Workers that are held make nothing, so others take their place.
func TestHeldWorkersAreReplaced(t *testing.T) {
	for reason, want := range map[string]int{"Priority": 1, "JobHeldAdmin": 2} {
		s, file := missing(t)
		q := &queue{}
		for range 2 {
			if _, err := onQueue(t, s, file, q).Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			q.states[0], q.reason = "PENDING", reason
		}
		if n := q.count("sbatch"); n != want {
			t.Errorf("%s: %d submissions", reason, n)
		}
	}
}

// A limit on the number of jobs ends the first command, but not one that replaces workers.
func TestLimitOnJobs(t *testing.T) {
	s, file := missing(t)
	q := &queue{limit: true}
	if _, err := onQueue(t, s, file, q).Start(t.Context()); err == nil || !strings.Contains(err.Error(), "--jobs") {
		t.Error(err)
	}
	q.limit = false
	o := onQueue(t, s, file, q)
	if _, err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	q.limit = true
	if wait, err := o.replace(t.Context(), "ended"); wait < time.Minute || err != nil {
		t.Error(wait, err)
	}
	q.limit = false
	before := q.count("sbatch")
	if wait, err := o.replace(t.Context(), "ended"); wait != 0 || err != nil || q.count("sbatch") != before+1 {
		t.Error(wait, err)
	}
}

// On another cluster, nothing can be known about the workers.
func TestWorkersOfAnotherClusterAreNotCancelled(t *testing.T) {
	s, file := missing(t)
	q := &queue{config: "ClusterName = a\n"}
	o := onQueue(t, s, file, q)
	if _, err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	there := &slurm.Cluster{Commands: &queue{config: "ClusterName = b\n"}}
	want := "was submitted by " + slurm.User() + " on the cluster a, and its workers are not shown here: cancel it there"
	if n, _, err := Cancel(t.Context(), o.View, there); n != 0 || err == nil || !strings.Contains(err.Error(), want) {
		t.Error(n, err)
	}
	if err := o.submission.Refresh(); err != nil || o.submission.Cancelled {
		t.Error("noted as cancelled", err)
	}
	if n, _, err := Cancel(t.Context(), o.View, o.Cluster); n != 1 || err != nil {
		t.Error(n, err)
	}
}
