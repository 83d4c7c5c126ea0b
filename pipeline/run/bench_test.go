package run_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"foil/pipeline/pipelinetest"
)

func BenchmarkNoOp1000(b *testing.B) {
	bench := pipelinetest.New(b)
	src := pipelinetest.Many(1000)
	bench.MustRun(src)
	b.ResetTimer()
	for range b.N {
		bench.MustRun(src)
	}
}

// BenchmarkEqualCells runs cells of equal work: one of them is made, and the others are settled with
// its result.
func BenchmarkEqualCells(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for i := range b.N {
				bench := pipelinetest.New(b)
				p := bench.Plan(fmt.Sprintf("name: x\nstages:\n  a: {uses: test/text, %s, with: {n: %d}}\n", oneAxis(n), i))
				if r, err := bench.RunPlan(b.Context(), p); err != nil || r.Made != 1 {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(n), "µs/cell")
		})
	}
}

func BenchmarkTrivialCell(b *testing.B) {
	bench := pipelinetest.New(b)
	bench.Running.Workers = 1
	b.ResetTimer()
	for i := range b.N {
		src := fmt.Sprintf("name: x\nstages:\n  a: {uses: test/text, matrix: {i: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}, with: {text: t%d, n: \"${matrix.i}\"}}\n", i)
		bench.MustRun(src)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N)/10, "ms/cell")
}

// BenchmarkDiskOfATrivialCell measures the disk operations in BenchmarkTrivialCell: two new files,
// an object and a record, are given their names and synced with their folders.
func BenchmarkDiskOfATrivialCell(b *testing.B) {
	dir := b.TempDir()
	folders := []string{filepath.Join(dir, "objects"), filepath.Join(dir, "actions")}
	for _, folder := range folders {
		if err := os.Mkdir(folder, 0o777); err != nil {
			b.Fatal(err)
		}
	}
	for i := range b.N {
		var syncs sync.WaitGroup
		durable := func(f *os.File) {
			if err := errors.Join(f.Sync(), f.Close()); err != nil {
				b.Error(err)
			}
		}
		for _, folder := range folders {
			f, err := os.Create(filepath.Join(dir, "new"))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.Write(make([]byte, 1000)); err != nil {
				b.Fatal(err)
			}
			if err := os.Rename(f.Name(), filepath.Join(folder, strconv.Itoa(i))); err != nil {
				b.Fatal(err)
			}
			syncs.Go(func() { durable(f) })
		}
		for _, folder := range folders {
			f, err := os.Open(folder)
			if err != nil {
				b.Fatal(err)
			}
			syncs.Go(func() { durable(f) })
		}
		syncs.Wait()
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/cell")
}
