package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// batchUsers is the published batch size.
const batchUsers = 64

// A Size is the size of a data set.
type Size struct {
	Items   int
	PerUser int // items of each user
}

// A Workload is one batch of synthetic users and the number of training steps on it. Both sides
// read the same workload as JSON.
type Workload struct {
	Items   int       `json:"items"`
	Threads int       `json:"threads"`
	Warmup  int       `json:"warmup"` // steps before those that are timed
	Steps   int       `json:"steps"`  // steps that are timed
	Rows    [][]int32 `json:"rows"`   // each user's items, ascending
	Gender  []int32   `json:"gender"` // 0 or 1
	Age     []float32 `json:"age"`    // in [0, 1)
}

// Name is the name of the workload in progress messages and errors.
func (w Workload) Name() string { return fmt.Sprintf("%d items, threads %d", w.Items, w.Threads) }

// Counts are the numbers of warm-up steps and of timed steps.
func (w Workload) Counts() (warmup, steps int) { return w.Warmup, w.Steps }

// newWorkload draws a batch; equal arguments give equal batches.
func newWorkload(size Size, threads, warmup, steps int) Workload {
	r := rand.New(rand.NewPCG(1, 2))
	w := Workload{Items: size.Items, Threads: threads, Warmup: warmup, Steps: steps}
	for range batchUsers {
		w.Rows = append(w.Rows, sample(r, size.Items, size.PerUser))
		w.Gender = append(w.Gender, int32(r.IntN(2)))
		w.Age = append(w.Age, r.Float32())
	}
	return w
}

// sample draws k of n numbers, ascending.
func sample(r *rand.Rand, n, k int) []int32 {
	taken := make(map[int32]bool, k)
	row := make([]int32, 0, k)
	for len(row) < k {
		if item := int32(r.IntN(n)); !taken[item] {
			taken[item] = true
			row = append(row, item)
		}
	}
	slices.Sort(row)
	return row
}
