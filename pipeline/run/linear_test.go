package run_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"foil/internal/digest"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

// A tally counts what a run asks of others: lookups, fetches, events, and capacities. A run asks
// for the capacity of its executor each time that it considers a ready cell.
type tally struct {
	run.Executor
	operations atomic.Int64
}

func (c *tally) Capacity() pipeline.Limits {
	c.operations.Add(1)
	return c.Executor.Capacity()
}

// oneAxis is an axis of n values.
func oneAxis(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	return "matrix: {i: [" + strings.Join(values, ", ") + "]}"
}

// linearShapes are experiments with n cells, in some of which the cells get in each other's way.
var linearShapes = []struct {
	name   string
	stages func(axis string) string
	before func(b *pipelinetest.Bench, s *pipelinetest.Store) // nil: nothing
	fails  bool
}{
	{
		name:   "equal work",
		stages: func(axis string) string { return "  a: {uses: test/text, " + axis + "}\n" },
	},
	{
		name:   "different work",
		stages: func(axis string) string { return "  a: {uses: test/text, " + axis + ", with: {n: \"${matrix.i}\"}}\n" },
	},
	{
		name: "equal work after different work with equal outputs",
		stages: func(axis string) string {
			return "  a: {uses: test/text, " + axis + ", with: {n: \"${matrix.i}\", mod: 1}}\n  b: {uses: test/text, needs: {a: a}}\n  c: {uses: test/text, needs: {a: b}}\n"
		},
	},
	{
		name: "three kinds of equal work, all of which are delivered",
		stages: func(axis string) string {
			return "  a: {uses: test/text, " + axis + "}\n  b: {uses: test/draws, " + axis + "}\n  c: {uses: test/numeric, " + axis + "}\n"
		},
		before: func(b *pipelinetest.Bench, _ *pipelinetest.Store) {
			b.Running.Deliver = func(*graph.Node) bool { return true }
		},
	},
	{
		name: "equal work that fails",
		stages: func(axis string) string {
			return "  a: {uses: test/text, " + axis + "}\n  b: {uses: test/text, needs: {a: a}}\n"
		},
		before: func(b *pipelinetest.Bench, _ *pipelinetest.Store) {
			b.During = func(context.Context, *pipeline.Cell) error { return errors.New("no") }
		},
		fails: true,
	},
	{
		name: "one GPU for all, while cores are free",
		stages: func(axis string) string {
			return "  a: {uses: test/text, " + axis + ", with: {n: \"${matrix.i}\"}, gpus: 1}\n"
		},
		before: func(b *pipelinetest.Bench, _ *pipelinetest.Store) { b.Limits.GPUs, b.Running.Workers = 1, 8 },
	},
	{
		name: "memory for three, while cores are free",
		stages: func(axis string) string {
			return "  a: {uses: test/text, " + axis + ", with: {n: \"${matrix.i}\"}, memory: 3GB}\n  b: {uses: test/text, needs: {a: a}, memory: 1GB}\n"
		},
		before: func(b *pipelinetest.Bench, _ *pipelinetest.Store) { b.Limits.Memory, b.Running.Workers = 10e9, 8 },
	},
	{
		name: "a damaged input of equal and of different work",
		stages: func(axis string) string {
			return "  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}, " + axis + "}\n  c: {uses: test/text, needs: {a: a}, " + axis + ", with: {n: \"${matrix.i}\", text: c}}\n"
		},
		before: func(b *pipelinetest.Bench, s *pipelinetest.Store) {
			_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text}\n")
			file := r.Of("a").Artifact.Files[0]
			var once sync.Once
			s.Damaged = func(f digest.File) (reason string) {
				if f.Digest == file.Digest {
					once.Do(func() { reason = "was changed" })
				}
				return reason
			}
		},
	},
	{
		name:   "another run has the lease for a while",
		stages: func(axis string) string { return "  a: {uses: test/text, " + axis + "}\n  b: {uses: test/draws}\n" },
		before: func(b *pipelinetest.Bench, s *pipelinetest.Store) {
			var tries atomic.Int32
			s.Held = func(digest.Key) bool { return tries.Add(1) < 5 }
		},
	},
}

// Twice as many cells take twice as many operations, whatever the cells have in common.
func TestOperationsAreInProportionToTheCells(t *testing.T) {
	for _, shape := range linearShapes {
		t.Run(shape.name, func(t *testing.T) {
			operations := func(n int) float64 {
				b, s := newMemoryBench(t)
				if shape.before != nil {
					shape.before(b, s)
				}
				counts := &tally{Executor: b.Running.Executor}
				b.Running.Executor = counts
				b.Running.OnEvent = func(run.Event) { counts.operations.Add(1) }
				s.Lookups = func(digest.Key) error { counts.operations.Add(1); return nil }
				r, err := b.Run("name: x\nstages:\n" + shape.stages(oneAxis(n)))
				if (err != nil) != shape.fails || r.Stopped > 0 {
					t.Fatalf("%d cells: %v, %+v", n, err, r)
				}
				return float64(counts.operations.Load())
			}
			few, many := operations(25), operations(200)
			if growth := many / few; growth > 8*1.5 {
				t.Errorf("8 times as many cells take %.0f times as many operations: %.0f instead of %.0f", growth, many, few)
			}
		})
	}
}
