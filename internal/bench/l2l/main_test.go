package main

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"foil/internal/bench"
)

func TestFlagsAreRead(t *testing.T) {
	o, err := parse([]string{"-works", "pgd, conv-8-64-128", "-threads", "2", "-rounds", "1", "-python", "py", "-backend", "onnxruntime:cpu"})
	if err != nil {
		t.Fatal(err)
	}
	want := options{
		Protocol: bench.Protocol{Python: "py", Threads: []int{2}, Rounds: 1, Warmup: 3, Steps: 10},
		backend:  "onnxruntime:cpu", works: []work{small("pgd"), conv(8, 64, 128)},
	}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got %+v, want %+v", o, want)
	}
}

func TestWrongFlagsAreNamed(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-works pgd,trades", `unknown work "trades": there are conv-32-16-32`},
		{"-threads 1,0", `"0" is not a positive whole number`},
		{"-rounds 0", "must be at least 1"},
		{"now", `unexpected argument "now"`},
	} {
		if _, err := parse(strings.Fields(test.args)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v; want one with %q", test.args, err, test.want)
		}
	}
}

func TestArraysKeepTheirNumbers(t *testing.T) {
	want := []float32{0, -1.5, math.MaxFloat32, math.SmallestNonzeroFloat32}
	text, err := json.Marshal(newArray(want, []int{2, 2}))
	if err != nil {
		t.Fatal(err)
	}
	var a Array
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	if got := a.Values(); !slices.Equal(got, want) || !slices.Equal(a.Shape, []int{2, 2}) {
		t.Errorf("got %v of shape %v, want %v", got, a.Shape, want)
	}
}

func TestFoilDoesEachWork(t *testing.T) {
	for work, losses := range map[string][]string{
		"conv-4-128-128": {"image gradient", "kernel gradient", "result"},
		"plain":          {"clean"},
		"pgd":            {"clean", "adversarial"},
		"l2l-grad":       {"classifier", "attacker"},
	} {
		t.Run(work, func(t *testing.T) {
			r := foilsResult(t, work)
			if len(r.StepMS) != 1 || len(r.Losses) != 2 {
				t.Fatalf("%d times, %d losses; want 1 and 2", len(r.StepMS), len(r.Losses))
			}
			for _, name := range losses {
				if !(r.Losses[0][name] > 0) {
					t.Errorf("loss %q of the first step is %v", name, r.Losses[0][name])
				}
			}
			if len(r.Losses[0]) != len(losses) {
				t.Errorf("losses %v, want %v", r.Losses[0], losses)
			}
		})
	}
}

// foilsResult does a work twice, the second time by the clock.
func foilsResult(t *testing.T, name string) bench.Result {
	t.Helper()
	work, err := findWork(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorkload(work, 1, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	w.Backend = "go"
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := bench.Serve(strings.NewReader(string(text)), &out, foilsSide); err != nil {
		t.Fatal(err)
	}
	var r bench.Result
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLossesOfOtherWorkAreToldApart(t *testing.T) {
	steps := func(losses ...float64) bench.Result {
		var r bench.Result
		for _, l := range losses {
			r.Losses = append(r.Losses, bench.Losses{"clean": l})
		}
		return r
	}
	peer := steps(2.9, 3.4, 3.8, 5.7)
	for _, test := range []struct {
		what string
		foil bench.Result
		same bool
	}{
		{"rounding", steps(2.9001, 3.41, 3.75, 9), true},
		{"another network", steps(2.92, 3.4, 3.8, 5.7), false},
		{"another optimizer", steps(2.9, 3, 3.8, 5.7), false},
	} {
		if err := sameWork(peer, test.foil); (err == nil) != test.same {
			t.Errorf("%s: error %v; want the same work: %t", test.what, err, test.same)
		}
	}
}
