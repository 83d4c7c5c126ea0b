package run

import (
	"slices"
	"testing"

	"foil/pipeline"
)

func TestRoomIsKeptForTheFirstThatWaits(t *testing.T) {
	for _, c := range []struct {
		name  string
		left  [3]int   // cores, memory, GPUs
		wants [][3]int // in the order of priority
		admit []bool
	}{
		{"all fit", [3]int{4, 0, 1}, [][3]int{{1, 0, 0}, {2, 0, 1}, {1, 0, 0}}, []bool{true, true, true}},
		{"the first takes all cores", [3]int{3, 0, 0}, [][3]int{{4, 0, 0}, {1, 0, 0}}, []bool{false, false}},
		{"the first waits for a GPU", [3]int{4, 0, 0}, [][3]int{{1, 0, 1}, {1, 0, 1}, {1, 0, 0}, {2, 0, 0}, {1, 0, 0}}, []bool{false, false, true, true, false}},
		{"the first waits for memory", [3]int{4, 500, 0}, [][3]int{{1, 900, 0}, {1, 100, 0}, {1, 0, 0}}, []bool{false, false, true}},
		{"only one waits with a claim", [3]int{4, 0, 1}, [][3]int{{5, 0, 0}, {6, 0, 0}, {1, 0, 0}}, []bool{false, false, false}},
	} {
		r := room{left: limits(c.left)}
		var got []bool
		for _, want := range c.wants {
			got = append(got, r.admits(limits(want)))
		}
		if !slices.Equal(got, c.admit) {
			t.Errorf("%s: %v, want %v", c.name, got, c.admit)
		}
	}
}

func limits(l [3]int) pipeline.Limits {
	return pipeline.Limits{Cores: l[0], Memory: int64(l[1]), GPUs: l[2]}
}
