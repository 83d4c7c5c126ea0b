package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"foil/spec"
)

// A script answers commands: an answer is the standard output, or "!" and an error message. A command
// that is not there is not installed.
type answers struct {
	t      *testing.T
	of     map[string][]string
	called []string
}

func (a *answers) Run(_ context.Context, stdin, name string, args ...string) (string, error) {
	a.called = append(a.called, name)
	list, ok := a.of[name]
	if !ok {
		return "", &CommandError{Name: name, Err: exec.ErrNotFound}
	}
	if len(list) == 0 {
		a.t.Fatalf("%s %q was not expected", name, args)
	}
	a.of[name] = list[1:]
	if message, failed := strings.CutPrefix(list[0], "!"); failed {
		return "", &CommandError{Name: name, Stderr: message, Err: errors.New("exit status 1")}
	}
	return list[0], nil
}

func newAnswers(t *testing.T, of map[string][]string) (*answers, *Cluster) {
	a := &answers{t: t, of: of}
	return a, &Cluster{Commands: a, Pause: func(context.Context, time.Duration) error { return nil }}
}

const noAnswer = "!sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"

// A submission whose answer was lost is looked for before it is sent again.
func TestSubmissionIsLookedFor(t *testing.T) {
	const there, failed = "7|0|PENDING|None||N/A|foil-a-0\n7|1|PENDING|None||N/A|foil-a-0\n", "7|0|FAILED|NonZeroExitCode|n|N/A|foil-a-0\n"
	const down = "!squeue: error: slurm_load_jobs: Unable to contact slurm controller (connect failure)"
	for name, test := range map[string]struct {
		sent   bool
		of     map[string][]string
		job    string
		err    string
		called string
	}{
		"answered":           {false, map[string][]string{"sbatch": {"7\n"}}, "7", "", "sbatch"},
		"arrived":            {false, map[string][]string{"sbatch": {noAnswer}, "squeue": {there}}, "7", "", "sbatch squeue"},
		"ended by now":       {false, map[string][]string{"sbatch": {noAnswer}, "squeue": {failed}}, "7", "", "sbatch squeue"},
		"lost":               {false, map[string][]string{"sbatch": {noAnswer, "8\n"}, "squeue": {""}}, "8", "", "sbatch squeue sbatch"},
		"down for a while":   {false, map[string][]string{"sbatch": {noAnswer, "8\n"}, "squeue": {down, down, ""}}, "8", "", "sbatch squeue squeue squeue sbatch"},
		"sent by a process":  {true, map[string][]string{"squeue": {there}}, "7", "", "squeue"},
		"not sent by it":     {true, map[string][]string{"squeue": {""}, "sbatch": {"9\n"}}, "9", "", "squeue sbatch"},
		"refused":            {false, map[string][]string{"sbatch": {"!sbatch: error: invalid partition specified: x"}}, "", "sbatch: sbatch: error: invalid partition specified: x", "sbatch"},
		"no Slurm":           {false, map[string][]string{}, "", ErrNoSlurm.Error(), "sbatch"},
		"another program":    {false, map[string][]string{"sbatch": {"hello\n"}}, "", `sbatch printed "hello\n", which is not the number of a job`, "sbatch"},
		"no queue to search": {true, map[string][]string{}, "", ErrNoSlurm.Error(), "squeue"},
	} {
		t.Run(name, func(t *testing.T) {
			a, c := newAnswers(t, test.of)
			job, err := c.Submit(t.Context(), &Array{Name: "foil-a-0", Workers: 2, Cores: 1, Sent: test.sent}, "/logs")
			if job != test.job || fmt.Sprint(err) != test.err && (err != nil || test.err != "") || strings.Join(a.called, " ") != test.called {
				t.Errorf("job %q, %v after %v", job, err, a.called)
			}
		})
	}
}

func TestControllerThatStaysDown(t *testing.T) {
	many := slices.Repeat([]string{"!squeue: error: Unable to contact slurm controller"}, 100)
	_, c := newAnswers(t, map[string][]string{"squeue": many})
	if _, err := c.Submit(t.Context(), &Array{Name: "foil-a-0", Sent: true}, "/logs"); err == nil || !strings.Contains(err.Error(), "tried for 5m") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Submit(ctx, &Array{Name: "foil-a-0", Sent: true}, "/logs"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestArguments(t *testing.T) {
	large := &Array{
		Name: "foil-a-0", Workers: 3, Cores: 4, Memory: 3<<30 + 1, GPUs: 1, Time: 90*time.Minute + time.Second, Dir: "/my work",
		Slurm: spec.Slurm{Partition: "gpu", Account: "lab", QOS: "long", Constraint: "a100&ib", Extra: []string{"--exclude=n1"}},
	}
	small := &Array{Name: "foil-a-1", Workers: 1, Cores: 1, Dir: "/x"}
	for _, test := range []struct {
		a    *Array
		want []string
		not  string
	}{
		{large, []string{
			"--parsable", "--job-name=foil-a-0", "--comment=foil foil-a-0", "--cpus-per-task=4", "--array=0-2", "--output=/logs%%/%A_%a.log",
			"--mem=3073M", "--gres=gpu:1", "--time=91", "--partition=gpu", "--account=lab", "--qos=long", "--constraint=a100&ib",
			"--exclude=n1", "--chdir=/my work", "--signal=B:USR1@60", "--requeue", "--export=ALL",
		}, "--wait"},
		{&Array{Name: "foil-a-2", Cores: 1, Time: time.Minute}, []string{"--time=1", "--signal=B:USR1@15"}, ""},
		{&Array{Name: "foil-a-2", Cores: 1, Time: 2 * time.Minute}, []string{"--time=2", "--signal=B:USR1@30"}, ""},
		{small, []string{"--output=/logs%%/%j.log", "--cpus-per-task=1", "--signal=B:USR1@60"}, "--array --mem --gres --time --partition"},
	} {
		args := test.a.args("/logs%")
		for _, want := range test.want {
			if !slices.Contains(args, want) {
				t.Errorf("%s is missing in %q", want, args)
			}
		}
		for not := range strings.FieldsSeq(test.not) {
			if slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, not) }) {
				t.Errorf("%s is in %q", not, args)
			}
		}
	}
}

func TestScriptQuotesItsWords(t *testing.T) {
	words := []string{"printf", `%s|`, "a b", "it's", `$HOME "x"`, ""}
	cmd := exec.Command("sh")
	cmd.Stdin = strings.NewReader(Script(words))
	out, err := cmd.Output()
	if want := `a b|it's|$HOME "x"||`; err != nil || string(out) != want {
		t.Errorf("%q, %v, want %q", out, err, want)
	}
}

// Commands that need an answer wait for a controller that is restarted, and say that once.
func TestWaitingForTheController(t *testing.T) {
	const down = "!squeue: error: slurm_load_jobs: Unable to contact slurm controller (connect failure)"
	a, c := newAnswers(t, map[string][]string{
		"squeue": {down, down, "8|N/A|RUNNING|None|n|2026-12-01T10:00:00|foil-a-0\n"}, "scontrol": {down, "MaxArraySize = 10\n"},
	})
	told := 0
	c.Waiting = func(err error) { told++ }
	if list, err := c.QueueWhenUp(t.Context(), []string{"foil-a-0"}, ""); len(list) != 1 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	if here, err := c.Config(t.Context()); here.MaxArray != 10 || err != nil {
		t.Errorf("%+v, %v", here, err)
	}
	if told != 2 || len(a.called) != 5 {
		t.Errorf("told %d times, after %v", told, a.called)
	}
	_, c = newAnswers(t, map[string][]string{"squeue": {"!squeue: error: Invalid user"}})
	if _, err := c.QueueWhenUp(t.Context(), []string{"foil-a-0"}, ""); err == nil {
		t.Error("another error was repeated")
	}
}

// A submission is in the cache before anything is sent, and tells any process what may be there.
func TestSubmissionIsNotedBeforeItIsSent(t *testing.T) {
	cache := t.TempDir()
	s := New(cache, "x", "graph")
	s.Add(&Array{Workers: 2, Cores: 1, Dir: "/", Script: "#!/bin/sh\n"})
	s.Add(&Array{Workers: 1, Cores: 2, Dir: "/", Script: "#!/bin/sh\n"})
	a, c := newAnswers(t, map[string][]string{"sbatch": {"7\n", "!sbatch: error: invalid qos"}})
	noted := 0
	c.Commands = spy{a, func(string) {
		list, err := List(cache)
		if err != nil || len(list) != 1 || !list[0].Arrays[noted].Sent || list[0].Arrays[noted].Job != "" {
			t.Errorf("sent without a note: %+v, %v", list, err)
		}
		noted++
	}}
	if err := s.Send(t.Context(), c); err == nil || noted != 2 {
		t.Errorf("%v after %d", err, noted)
	}
	list, err := List(cache)
	if err != nil || len(list) != 1 || list[0].Arrays[0].Job != "7" || list[0].Arrays[1].Job != "" {
		t.Fatalf("%+v, %v", list, err)
	}
	// What Slurm has refused is not sent again: the settings may have changed.
	if err := list[0].Send(t.Context(), c); err != nil || !strings.Contains(list[0].Arrays[1].Refused, "invalid qos") {
		t.Errorf("%v, %+v", err, list[0].Arrays[1])
	}
	list[0].Arrays[1].Refused = ""
	// Another process looks for the second array and does not send the first again.
	b, c := newAnswers(t, map[string][]string{"squeue": {"8|N/A|RUNNING|None|n|2026-12-01T10:00:00|" + s.Arrays[1].Name + "\n"}})
	if err := list[0].Send(t.Context(), c); err != nil || list[0].Arrays[1].Job != "8" || len(b.called) != 1 {
		t.Errorf("%v, %+v, %v", err, list[0].Arrays[1], b.called)
	}
	if info, err := os.Stat(s.Logs()); err != nil || !info.IsDir() {
		t.Error("there is no folder for logs")
	}
}

type spy struct {
	Commands
	before func(name string)
}

func (s spy) Run(ctx context.Context, stdin, name string, args ...string) (string, error) {
	s.before(name)
	return s.Commands.Run(ctx, stdin, name, args...)
}

func TestBadSubmissionsAreReported(t *testing.T) {
	cache := t.TempDir()
	s := New(cache, "x", "graph")
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a.json": "{", "b.json": `{"format": 2, "id": "b"}`, "c.json": `{"format": 1, "id": "d"}`, "E.json": `{"format": 1, "id": "E"}`,
		"f.json": `{"format": 1, "id": "f", "arrays": [{"name": "all,my,jobs", "workers": 1}]}`, "g.json": `{"format": 1, "id": "g", "arrays": [null]}`,
	} {
		if err := os.WriteFile(filepath.Join(cache, folderName, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	list, err := List(cache)
	if len(list) != 1 || list[0].ID != s.ID || err == nil || strings.Count(err.Error(), "correct or remove the file") != 6 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A limit on jobs permits fewer workers, or none.
func TestFewerWorkersWithinALimit(t *testing.T) {
	const over = "!sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
	for name, test := range map[string]struct {
		answers []string
		workers int
		job     string
		refused bool
	}{
		"at the third try": {[]string{over, over, "7\n"}, 2, "7", false},
		"none":             {[]string{over, over, over, over}, 1, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(t.TempDir(), "x", "graph")
			s.Add(&Array{Workers: 9, Cores: 1, Dir: "/", Script: "#!/bin/sh\n"})
			a, c := newAnswers(t, map[string][]string{"sbatch": test.answers})
			err := s.Send(t.Context(), c)
			if got := s.Arrays[0]; got.Workers != test.workers || got.Job != test.job || (got.Refused != "") != test.refused {
				t.Errorf("%+v", got)
			}
			if test.refused != (IsOverLimit(err) && strings.Contains(err.Error(), "--jobs")) || len(a.called) != len(test.answers) {
				t.Errorf("%v after %d calls", err, len(a.called))
			}
		})
	}
}

// A job in which foil runs has no effect on the commands: sbatch would take its sizes.
func TestVariablesOfAJobAreNotHandedOn(t *testing.T) {
	for name, kept := range map[string]bool{"SLURM_CONF": true, "SLURM_CLUSTERS": true, "SLURM_JWT": true, "SLURM_MEM_PER_NODE": false, "SBATCH_QOS": true} {
		t.Setenv(name, "x")
		out, err := System{Timeout: time.Minute}.Run(t.Context(), "", "env")
		if got := strings.Contains(out, "\n"+name+"=x\n"); err != nil || got != kept {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestQueueOfAUser(t *testing.T) {
	for user, want := range map[string]bool{"": false, "me": true} {
		var args []string
		c := &Cluster{Commands: commands(func(a []string) { args = a })}
		if _, err := c.Queue(t.Context(), []string{"foil-a-0"}, user); err != nil || slices.Contains(args, "--user=me") != want {
			t.Errorf("%q, %v", args, err)
		}
	}
}

type commands func(args []string)

func (c commands) Run(_ context.Context, _, _ string, args ...string) (string, error) {
	c(args)
	return "", nil
}

// What cannot be seen here is not known to be cancelled.
func TestHiddenArrays(t *testing.T) {
	for name, test := range map[string]struct {
		a    Array
		here Config
		want bool
	}{
		"mine":               {Array{User: "me", Cluster: "c"}, Config{Name: "c", Private: true}, false},
		"of a friend":        {Array{User: "you", Cluster: "c"}, Config{Name: "c"}, false},
		"private":            {Array{User: "you", Cluster: "c"}, Config{Name: "c", Private: true}, true},
		"on another cluster": {Array{User: "me", Cluster: "d"}, Config{Name: "c"}, true},
		"refused there":      {Array{User: "me", Cluster: "d", Refused: "no"}, Config{Name: "c"}, false},
		"not known":          {Array{}, Config{Name: "c", Private: true}, false},
	} {
		s := &Submission{Arrays: []*Array{&test.a}}
		if got := s.Hidden("me", test.here); (got != nil) != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
