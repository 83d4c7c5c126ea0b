package slurm

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"foil/spec"
)

func TestParseSubmitted(t *testing.T) {
	for text, want := range map[string]string{
		"123\n":               "123",
		"123;cluster2\n":      "123",
		"welcome!\n\n  77 \n": "77",
		"":                    "",
		"Submitted batch job": "",
		"12a\n":               "",
		"-1":                  "",
	} {
		if got, err := parseSubmitted(text); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func recorded(t testing.TB, name string) string {
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParseQueue(t *testing.T) {
	all, err := parseQueue(recorded(t, "queue.txt"))
	if err != nil {
		t.Fatal(err)
	}
	last := all[len(all)-2:]
	want := []Worker{
		{Job: "31", State: Pending, Reason: "PartitionConfig", Name: "foil-abc-1"},
		{Job: "32", Task: "4", State: "NODE_FAIL", Reason: "NonZeroExitCode", Node: "node", Name: "a|b", Ended: time.Date(2026, 11, 30, 19, 14, 2, 0, time.Local)},
	}
	if !slices.Equal(last, want) || !last[0].IsAlive() || last[1].IsAlive() {
		t.Errorf("got %+v", last)
	}
	for state, alive := range map[State]bool{
		"COMPLETING": true, "CONFIGURING": true, "REQUEUED": true, "SUSPENDED": true, "WHAT_COMES_NEXT": true,
		"COMPLETED": false, "FAILED": false, "CANCELLED": false, "PREEMPTED": false, "TIMEOUT": false, "OUT_OF_MEMORY": false,
	} {
		if got := (Worker{State: state}).IsAlive(); got != alive {
			t.Errorf("%s: alive is %v", state, got)
		}
	}
	for _, bad := range []string{"1|2|RUNNING", "x|1|RUNNING|None|n|N/A|foil", "slurm_load_jobs error: Invalid"} {
		if _, err := parseQueue(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestParseAccounting(t *testing.T) {
	got := parseAccounting("CANCELLED by 1000|0:15|foil-a-0\nNODE_FAIL|1:0|foil-a-0\n\nTIMEOUT|0:0|foil-a-1\nrubbish\n")
	want := []Worker{{State: "CANCELLED", Name: "foil-a-0"}, {State: "NODE_FAIL", Name: "foil-a-0"}, {State: "TIMEOUT", Name: "foil-a-1"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestParseConfig(t *testing.T) {
	if c := parseConfig(recorded(t, "config.txt")); c != (Config{Name: "onenode", MaxArray: 10001}) {
		t.Errorf("%+v", c)
	}
	for text, want := range map[string]Config{
		"MaxArraySize = 10\n":     {MaxArray: 10},
		"MaxArraySize=0":          {},
		" MaxArraySize   = 1001":  {MaxArray: 1001},
		"":                        {MaxArray: defaultMaxArray},
		"MaxArraySize = (null)":   {MaxArray: defaultMaxArray},
		"MaxArraySize = -1":       {MaxArray: defaultMaxArray},
		"ClusterName = (null)":    {MaxArray: defaultMaxArray},
		"PrivateData = jobs,user": {MaxArray: defaultMaxArray, Private: true},
		"PrivateData = none":      {MaxArray: defaultMaxArray},
	} {
		if got := parseConfig(text); got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
	_, c := newAnswers(t, map[string][]string{"scontrol": {"!scontrol: error: not permitted"}})
	if here, err := c.Config(t.Context()); here.MaxArray != defaultMaxArray || err != nil {
		t.Errorf("%+v, %v", here, err)
	}
}

// A worker that is held, or that a node does not let go, makes nothing.
func TestWorkersOfUse(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		w    Worker
		want bool
	}{
		{Worker{State: "RUNNING", Ended: now.Add(-time.Hour)}, true},
		{Worker{State: "COMPLETED"}, false},
		{Worker{State: Completing}, true},
		{Worker{State: Completing, Ended: now.Add(-4 * time.Minute)}, true},
		{Worker{State: Completing, Ended: now.Add(-6 * time.Minute)}, false},
		{Worker{State: Pending, Reason: "Priority"}, true},
		{Worker{State: Pending, Reason: "JobHeldUser"}, false},
		{Worker{State: Pending, Reason: "JobHeldAdmin"}, false},
		{Worker{State: Pending, Reason: "launch failed requeued held"}, false},
	} {
		if got := test.w.IsOfUse(now); got != test.want {
			t.Errorf("%+v: %v", test.w, got)
		}
	}
}

func FuzzParsers(f *testing.F) {
	f.Add(recorded(f, "queue.txt"))
	f.Add(recorded(f, "config.txt"))
	f.Add("12;c")
	f.Add(`{"format": 1, "id": "abc", "arrays": [{"name": "foil-abc-0", "workers": 1, "job": "7"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if job, err := parseSubmitted(text); err == nil && !jobPattern.MatchString(job) {
			t.Errorf("job %q", job)
		}
		if all, err := parseQueue(text); err == nil {
			for _, w := range all {
				if !jobPattern.MatchString(w.Job) {
					t.Errorf("%+v", w)
				}
			}
		}
		parseAccounting(text)
		if c := parseConfig(text); c.MaxArray < 0 {
			t.Error(c)
		}
		if s, err := parseSubmission([]byte(text)); err == nil {
			for _, name := range s.Names() {
				if strings.ContainsAny(name, " ,/\n") {
					t.Errorf("name %q", name)
				}
			}
		}
	})
}

func TestStatesTellWhatToDo(t *testing.T) {
	for _, test := range []struct {
		w    Worker
		want string
	}{
		{Worker{State: "RUNNING"}, "running"},
		{Worker{State: "NODE_FAIL", Reason: "NodeDown"}, "node_fail"},
		{Worker{State: Pending}, "pending"},
		{Worker{State: Pending, Reason: "Priority"}, "pending (Priority)"},
		{Worker{State: Pending, Reason: "PartitionTimeLimit"}, "pending (PartitionTimeLimit: the time limit is above that of the partition: change slurm: {time})"},
		{Worker{State: Pending, Reason: "QOSMaxWallDurationPerJobLimit"}, "pending (QOSMaxWallDurationPerJobLimit: the time limit is above that of the QOS: change slurm: {time} or {qos})"},
		{Worker{State: Pending, Reason: "JobHeldAdmin"}, "pending (JobHeldAdmin: an administrator holds it)"},
		{Worker{State: Pending, Reason: "launch_failed_requeued_held"}, "pending (launch_failed_requeued_held: Slurm could not start it; after scontrol release JOB it tries again)"},
		{Worker{State: Pending, Reason: "BadConstraints"}, "pending (BadConstraints: no node has what they ask for)"},
	} {
		if got := test.w.Text(); got != test.want {
			t.Errorf("%+v: %q, want %q", test.w, got, test.want)
		}
	}
}

func TestParseMaxTime(t *testing.T) {
	const text = "PartitionName=short AllowGroups=ALL Default=NO MaxNodes=1 MaxTime=04:00:00 MinNodes=0\n" +
		"PartitionName=batch Default=YES MaxTime=7-00:30:00 State=UP\n" +
		"PartitionName=free Default=NO MaxTime=UNLIMITED State=UP\n"
	for partition, want := range map[string]time.Duration{
		"": 7*24*time.Hour + 30*time.Minute, "short": 4 * time.Hour, "free": 0, "batch,short": 4 * time.Hour, "free,short": 4 * time.Hour, "nowhere": 0,
	} {
		if got := parseMaxTime(text, partition); got != want {
			t.Errorf("%q: %s, want %s", partition, got, want)
		}
	}
	for _, bad := range []string{"", "INFINITE", "1:2", "1-2", "1-1:2:x", "-1:00:00", "1:2:3:4"} {
		if got := parseTime(bad); got != 0 {
			t.Errorf("%q: %s", bad, got)
		}
	}
}

// The partition may also be said in the environment.
func TestMaxTimeOfThePartition(t *testing.T) {
	const text = "PartitionName=a Default=YES MaxTime=01:00:00\nPartitionName=b MaxTime=02:00:00\n"
	t.Setenv("SBATCH_PARTITION", "b")
	for _, test := range []struct {
		set  spec.Slurm
		want time.Duration
	}{
		{spec.Slurm{}, 2 * time.Hour}, {spec.Slurm{Partition: "a"}, time.Hour},
	} {
		_, c := newAnswers(t, map[string][]string{"scontrol": {text}})
		if got := c.MaxTimes(t.Context())(test.set); got != test.want {
			t.Errorf("%+v: %s, want %s", test.set, got, test.want)
		}
	}
}
