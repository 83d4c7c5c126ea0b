package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

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
	var w Workload
	if err := json.NewDecoder(os.Stdin).Decode(&w); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	verb, rest, _ := strings.Cut(what, " ")
	r := Result{Version: what, StepMS: make([]float64, w.Steps)}
	for range w.Warmup + w.Steps {
		r.Losses = append(r.Losses, Losses{"softmax": 780, "KL": 0.1, "gender": 0.7, "age": 0.5})
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

func compareFakes(t *testing.T, peer, foil string) (Measured, string, error) {
	t.Helper()
	var progress strings.Builder
	c := Comparison{Peer: fakeProgram(t, "PyTorch", peer), Foil: fakeProgram(t, "foil", foil), Rounds: 2, Progress: &progress}
	m, err := c.Run(t.Context(), newWorkload(Size{Items: 40, PerUser: 3}, 1, 2, 3))
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
		{"takes 20", "learns-nothing", "do not train the same model"},
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
	m := Measured{Peer: Side{RoundMS: []float64{10, 40, 20}}, Foil: Side{RoundMS: []float64{5, 60, 8}}}
	low, high := m.RatioRange()
	if m.Peer.MS() != 20 || m.Foil.MS() != 8 || m.Ratio() != 0.4 || low != 0.4 || high != 1.5 {
		t.Errorf("%v ms, %v ms, ratio %v of %v-%v; want 20, 8, 0.4 of 0.4-1.5", m.Peer.MS(), m.Foil.MS(), m.Ratio(), low, high)
	}
}

func TestLossesOfDifferentModelsAreToldApart(t *testing.T) {
	usual := Losses{"softmax": 780, "KL": 0.1, "gender": 0.7, "age": 0.5}
	for _, test := range []struct {
		what string
		foil Losses
		same bool
	}{
		{"other random numbers", Losses{"softmax": 783, "KL": 0.105, "gender": 0.75, "age": 0.3}, true},
		{"KL without its factor", Losses{"softmax": 780, "KL": 0.125, "gender": 0.7, "age": 0.5}, false},
		{"sum over heads", Losses{"softmax": 780, "KL": 0.1, "gender": 7, "age": 5}, false},
		{"no adversaries", Losses{"softmax": 780, "KL": 0.1}, false},
	} {
		if err := sameWork(Result{Losses: []Losses{usual}}, Result{Losses: []Losses{test.foil}}); (err == nil) != test.same {
			t.Errorf("%s: error %v; want the same work: %t", test.what, err, test.same)
		}
	}
}

func TestFoilTrainsOnAWorkload(t *testing.T) {
	input, output := encode(t, newWorkload(Size{Items: 50, PerUser: 5}, 1, 1, 2)), &strings.Builder{}
	if err := serveFoil(input, output); err != nil {
		t.Fatal(err)
	}
	var r Result
	if err := json.Unmarshal([]byte(output.String()), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.StepMS) != 2 || len(r.Losses) != 3 {
		t.Fatalf("%d times, %d losses; want 2 and 3", len(r.StepMS), len(r.Losses))
	}
	for _, part := range []string{"softmax", "KL", "gender", "age"} {
		if r.Losses[0][part] <= 0 {
			t.Errorf("loss %q of the first step is %v", part, r.Losses[0][part])
		}
	}
}

func encode(t *testing.T, w Workload) io.Reader {
	t.Helper()
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReader(string(text))
}
