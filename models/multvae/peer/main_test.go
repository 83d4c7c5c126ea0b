package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"foil/internal/bench"
)

func TestFlagsAreRead(t *testing.T) {
	o, err := parse([]string{"-sizes", "10:3, 20:4", "-threads", "2", "-rounds", "1", "-fused", "-python", "py"})
	if err != nil {
		t.Fatal(err)
	}
	want := options{python: "py", fused: true, sizes: []Size{{10, 3}, {20, 4}}, threads: []int{2}, rounds: 1, warmup: 10, steps: 30}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got %+v, want %+v", o, want)
	}
}

func TestWrongFlagsAreNamed(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-sizes 3125", "not ITEMS:PER_USER"},
		{"-sizes 5:6", "a user cannot have 6 of 5 items"},
		{"-sizes x:6", `"x" is not a positive whole number`},
		{"-threads 1,0", `"0" is not a positive whole number`},
		{"-rounds 0", "must be at least 1"},
		{"now", `unexpected argument "now"`},
	} {
		if _, err := parse(strings.Fields(test.args)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v; want one with %q", test.args, err, test.want)
		}
	}
}

func TestBothSidesRunWithoutTuning(t *testing.T) {
	got := bench.Without([]string{"OPENBLAS_CORETYPE=X", "OMP_NUM_THREADS=8", "GOGC=off", "GOMAXPROCS=1", "PATH=/bin"}, tuning)
	if want := []string{"PATH=/bin"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWorkloadHasTheSizeAskedFor(t *testing.T) {
	w := newWorkload(Size{Items: 30, PerUser: 7}, 2, 1, 3)
	if len(w.Rows) != batchUsers || len(w.Gender) != batchUsers || len(w.Age) != batchUsers {
		t.Fatalf("%d rows, %d genders, %d ages; want %d of each", len(w.Rows), len(w.Gender), len(w.Age), batchUsers)
	}
	for _, row := range w.Rows {
		distinct := slices.Compact(slices.Clone(row))
		if len(distinct) != 7 || !slices.IsSorted(row) || row[0] < 0 || row[6] >= 30 {
			t.Fatalf("row %v; want 7 distinct items below 30, ascending", row)
		}
	}
	if !reflect.DeepEqual(w, newWorkload(Size{Items: 30, PerUser: 7}, 2, 1, 3)) {
		t.Error("the same size gave another batch")
	}
}

func TestTableIsMarkdown(t *testing.T) {
	var b strings.Builder
	err := writeTable(&b, "linux/amd64, 2 cores", []Measured{{
		Items: 3125, Threads: 1,
		Peer: Side{Version: "PyTorch 2", RoundMS: []float64{20, 22}, Memory: 800 << 20},
		Foil: Side{Version: "foil", RoundMS: []float64{5, 5.5}},
	}})
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
		m := Measured{Peer: Side{RoundMS: []float64{20, 20}}, Foil: Side{RoundMS: test.foilMS}}
		if err := writeTable(&b, "", []Measured{m}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "machine was busy") != test.warned {
			t.Errorf("rounds of %v beside 20 ms; want a warning: %t\n%s", test.foilMS, test.warned, b.String())
		}
	}
}
