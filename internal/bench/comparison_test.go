package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// fakeTask is a task of 2 and 3 steps.
type fakeTask struct{ Warmup, Steps int }

func (fakeTask) Name() string                  { return "a fake" }
func (t fakeTask) Counts() (warmup, steps int) { return t.Warmup, t.Steps }

// fakeSide names the variable that makes the test program a side: its value is
// what the side does.
const fakeSide = "PEER_TEST_SIDE"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == fakeSide {
		fake(os.Args[2])
		return
	}
	os.Exit(m.Run())
}

// fake answers the workload on standard input. what is a verb, and for "takes"
// the milliseconds of each step.
func fake(what string) {
	var w fakeTask
	if err := json.NewDecoder(os.Stdin).Decode(&w); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	verb, rest, _ := strings.Cut(what, " ")
	r := Result{Version: what, StepMS: make([]float64, w.Steps)}
	for range w.Warmup + w.Steps {
		r.Losses = append(r.Losses, Losses{"softmax": 780})
	}
	switch verb {
	case "takes":
		for i := range r.StepMS {
			fmt.Sscan(rest, &r.StepMS[i])
		}
	case "learns-nothing":
		r.Losses[0]["softmax"] = 900
	case "forgets-steps":
		r.StepMS = r.StepMS[1:]
	case "writes-prose":
		fmt.Println("hello")
	case "dies":
		fmt.Fprintln(os.Stderr, "no module named torch")
		os.Exit(3)
	}
	_ = json.NewEncoder(os.Stdout).Encode(r)
}

func fakeProgram(t *testing.T, name, what string) Program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Program{Name: name, Args: []string{self, fakeSide, what}}
}

func compareFakes(t *testing.T, peer, foil string) (Pair, string, error) {
	t.Helper()
	var progress strings.Builder
	c := Comparison{Peer: fakeProgram(t, "PyTorch", peer), Foil: fakeProgram(t, "foil", foil), Rounds: 2, Progress: &progress,
		SameWork: func(peer, foil Result) error { return Within(Losses{"softmax": 1.02}, peer.Losses[0], foil.Losses[0]) }}
	m, err := c.Run(t.Context(), fakeTask{2, 3})
	return m, progress.String(), err
}

func TestComparisonTakesEachSidesTimes(t *testing.T) {
	m, progress, err := compareFakes(t, "takes 20", "takes 5")
	if err != nil {
		t.Fatal(err)
	}
	if m.Peer.MS() != 20 || m.Foil.MS() != 5 || m.Ratio() != 0.25 {
		t.Errorf("PyTorch %v ms, foil %v ms, ratio %v; want 20, 5 and 0.25", m.Peer.MS(), m.Foil.MS(), m.Ratio())
	}
	if len(m.Peer.RoundMS) != 2 || len(m.Foil.RoundMS) != 2 || strings.Count(progress, "\n") != 2 {
		t.Errorf("rounds %v and %v, progress %q; want two of each", m.Peer.RoundMS, m.Foil.RoundMS, progress)
	}
	if m.Peer.Memory == 0 {
		t.Log("this system does not tell a process's memory")
	} else if m.Peer.Memory < 1<<20 || m.Peer.Memory > 1<<34 {
		t.Errorf("peak memory of a small process is %d bytes: wrong unit?", m.Peer.Memory)
	}
}

func TestComparisonRefusesWhatCannotBeCompared(t *testing.T) {
	for _, test := range []struct{ peer, foil, want string }{
		{"takes 20", "learns-nothing", "do not do the same"},
		{"takes 20", "forgets-steps", "foil: times of 2 steps and losses of 5, where 3 and 5 were asked for"},
		{"writes-prose", "takes 5", "PyTorch: its standard output is not a result"},
		{"dies", "takes 5", "no module named torch"},
	} {
		t.Run(test.peer+" beside "+test.foil, func(t *testing.T) {
			if _, _, err := compareFakes(t, test.peer, test.foil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v; want one with %q", err, test.want)
			}
		})
	}
}

func TestMedianOfRoundsAndRangeOfTheirRatios(t *testing.T) {
	m := Pair{Peer: Side{RoundMS: []float64{10, 40, 20}}, Foil: Side{RoundMS: []float64{5, 60, 8}}}
	low, high := m.RatioRange()
	if m.Peer.MS() != 20 || m.Foil.MS() != 8 || m.Ratio() != 0.4 || low != 0.4 || high != 1.5 {
		t.Errorf("%v ms, %v ms, ratio %v of %v-%v; want 20, 8, 0.4 of 0.4-1.5", m.Peer.MS(), m.Foil.MS(), m.Ratio(), low, high)
	}
}

func TestBothSidesRunWithoutTuning(t *testing.T) {
	got := Without([]string{"OPENBLAS_CORETYPE=X", "OMP_NUM_THREADS=8", "GOGC=off", "GOMAXPROCS=1", "PATH=/bin"}, tuning)
	if want := []string{"PATH=/bin"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTableIsMarkdown(t *testing.T) {
	var b strings.Builder
	err := WriteTable(&b, "linux/amd64, 2 cores", []string{"items", "threads"}, []Row{{
		Labels: []string{"3125", "1"}, Pair: Pair{
			Peer: Side{Version: "PyTorch 2", RoundMS: []float64{20, 22}, Memory: 800 << 20},
			Foil: Side{Version: "foil", RoundMS: []float64{5, 5.5}},
		}}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `PyTorch 2 beside foil; linux/amd64, 2 cores; 2 rounds

| items | threads | PyTorch ms | foil ms | ratio | of single rounds | PyTorch MiB |  foil MiB |
| ----: | ------: | ---------: | ------: | ----: | ---------------: | ----------: | --------: |
|  3125 |       1 |       21.0 |     5.2 |  0.25 |        0.25-0.25 |         800 | not known |
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestTableWarnsOfABusyMachine(t *testing.T) {
	for _, test := range []struct {
		foilMS []float64
		warned bool
	}{{[]float64{5, 6}, false}, {[]float64{5, 9}, true}} {
		var b strings.Builder
		m := Pair{Peer: Side{RoundMS: []float64{20, 20}}, Foil: Side{RoundMS: test.foilMS}}
		if err := WriteTable(&b, "", nil, []Row{{Pair: m}}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "machine was busy") != test.warned {
			t.Errorf("rounds of %v beside 20 ms; want a warning: %t\n%s", test.foilMS, test.warned, b.String())
		}
	}
}
