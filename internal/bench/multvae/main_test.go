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
	want := options{
		Protocol: bench.Protocol{Python: "py", Threads: []int{2}, Rounds: 1, Warmup: 10, Steps: 30},
		fused:    true, sizes: []Size{{10, 3}, {20, 4}},
	}
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
