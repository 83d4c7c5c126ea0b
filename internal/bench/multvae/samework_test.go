package main

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"foil/internal/bench"
)

func TestLossesOfDifferentModelsAreToldApart(t *testing.T) {
	usual := bench.Losses{"softmax": 780, "KL": 0.1, "gender": 0.7, "age": 0.5}
	for _, test := range []struct {
		what string
		foil bench.Losses
		same bool
	}{
		{"other random numbers", bench.Losses{"softmax": 783, "KL": 0.105, "gender": 0.75, "age": 0.3}, true},
		{"KL without its factor", bench.Losses{"softmax": 780, "KL": 0.125, "gender": 0.7, "age": 0.5}, false},
		{"sum over heads", bench.Losses{"softmax": 780, "KL": 0.1, "gender": 7, "age": 5}, false},
		{"no adversaries", bench.Losses{"softmax": 780, "KL": 0.1}, false},
	} {
		if err := sameWork(bench.Result{Losses: []bench.Losses{usual}}, bench.Result{Losses: []bench.Losses{test.foil}}); (err == nil) != test.same {
			t.Errorf("%s: error %v; want the same work: %t", test.what, err, test.same)
		}
	}
}

func TestFoilTrainsOnAWorkload(t *testing.T) {
	input, output := encode(t, newWorkload(Size{Items: 50, PerUser: 5}, 1, 1, 2)), &strings.Builder{}
	if err := bench.Serve(input, output, trainFoil); err != nil {
		t.Fatal(err)
	}
	var r bench.Result
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
