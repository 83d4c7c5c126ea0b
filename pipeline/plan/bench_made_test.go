package plan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline/pipelinetest"
)

// BenchmarkPlanOfMadeCells plans cells that are all in the cache. Their records are written without
// a run, and name one object.
func BenchmarkPlanOfMadeCells(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			bench := pipelinetest.New(b)
			src := known(n)
			writeRecords(b, bench, src)
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			b.ResetTimer()
			for range b.N {
				p := bench.Plan(src)
				if p.Hits != n {
					b.Fatalf("%d of %d cells are made", p.Hits, n)
				}
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(p)
				b.StartTimer()
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/cell")
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(n), "µs/cell")
		})
	}
}

// writeRecords writes a record for each cell of a spec.
func writeRecords(b *testing.B, bench *pipelinetest.Bench, src string) {
	p := bench.Plan(src)
	content := []byte("the same output for all\n")
	f := digest.File{Name: "text", Digest: digest.Of(content), Size: int64(len(content))}
	write := func(path string, text []byte) {
		path = filepath.Join(bench.Dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o666); err != nil {
			b.Fatal(err)
		}
	}
	write(filepath.Join("objects", f.Digest.String()[:2], f.Digest.String()), content)
	for _, c := range p.Cells {
		r := &store.Record{
			Format: store.RecordFormat, Key: c.Key, KeyText: p.Lines(c).Text(), Kind: c.Node.Kind.Name, Version: c.Node.Kind.Version,
			Outputs: []digest.File{f}, Cell: c.Node.ID, Params: c.Node.With().String(),
			Started: time.Unix(1e9, 0).UTC(), WallSeconds: 1, Host: "node", Foil: "v1", Go: runtime.Version(),
		}
		text, err := r.Encode()
		if err != nil {
			b.Fatal(err)
		}
		write(filepath.Join("actions", c.Key.String()[:2], c.Key.String()+".json"), text)
	}
}
