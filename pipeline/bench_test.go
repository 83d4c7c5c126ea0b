package pipeline

import (
	"errors"
	"fmt"
	"foil/internal/store"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// manyCells is a spec of n cells: half of them need the other half.
func manyCells(n int) string {
	src := "name: many\nstages:\n  a: {uses: test/text, matrix: {i: ["
	for i := range n / 2 {
		src += fmt.Sprint(i, ",")
	}
	return src + "]}, with: {n: \"${matrix.i}\"}}\n  b: {uses: test/text, needs: {a: a}}\n"
}

func BenchmarkNoOp1000(b *testing.B) {
	bench := newBench(b)
	src := manyCells(1000)
	bench.mustRun(src)
	b.ResetTimer()
	for range b.N {
		bench.mustRun(src)
	}
}

func BenchmarkBuild10000(b *testing.B) {
	bench := newBench(b)
	src := manyCells(10_000)
	var before, after runtime.MemStats
	for range b.N {
		runtime.ReadMemStats(&before)
		g := bench.graph(src)
		runtime.ReadMemStats(&after)
		if len(g.Nodes) != 10_000 {
			b.Fatal(len(g.Nodes))
		}
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e6, "MB")
	}
}

// BenchmarkPlanAfterAChange10000 explains 10,000 cells that are to run, and estimates
// how long they take, going by as many records of the same cells before a change.
func BenchmarkPlanAfterAChange10000(b *testing.B) {
	const n = 10_000
	src := func(first int, with string) string {
		var values strings.Builder
		for i := range n {
			fmt.Fprint(&values, first+i, ",")
		}
		return "name: many\nstages:\n  a: {uses: test/draws, matrix: {i: [" + values.String() + "]}, with: {n: \"${matrix.i}\"" + with + "}}\n"
	}
	for name, after := range map[string]string{
		"OtherParameter":     src(0, ", text: other"),
		"TwoOtherParameters": src(0, ", text: other, mod: 2"),
		"OtherCells":         src(n, ""),
	} {
		b.Run(name, func(b *testing.B) {
			bench := newBench(b)
			var records []*store.Record
			for i, c := range bench.plan(src(0, "")).Cells {
				records = append(records, &store.Record{
					Key: c.Key, KeyText: c.KeyText, Kind: c.Node.Kind.Name, Cell: c.Node.ID, Started: time.Unix(int64(i), 0), WallSeconds: float64(i % 7),
				})
			}
			plan := bench.plan(after)
			b.ResetTimer()
			for range b.N {
				h := newHistory(records)
				x := plan.Explainer(h)
				for _, c := range plan.Cells {
					if e := x.Explain(c.Node); e.Nearest == nil {
						b.Fatalf("%s is compared with nothing", c.Node.ID)
					}
				}
				if e := plan.Estimate(h); e.Blank > 0 {
					b.Fatalf("nothing is known of %d cells", e.Blank)
				}
			}
		})
	}
}

func BenchmarkTrivialCell(b *testing.B) {
	bench := newBench(b)
	bench.opts.Workers = 1
	b.ResetTimer()
	for i := range b.N {
		src := fmt.Sprintf("name: x\nstages:\n  a: {uses: test/text, matrix: {i: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}, with: {text: t%d, n: \"${matrix.i}\"}}\n", i)
		bench.mustRun(src)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N)/10, "ms/cell")
}

// BenchmarkDiskOfATrivialCell is what the disk takes of BenchmarkTrivialCell: two new
// files, an object and a record, are given their names and synced with their folders.
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
