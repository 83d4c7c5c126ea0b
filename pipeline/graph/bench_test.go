package graph_test

import (
	"runtime"
	"testing"

	"foil/pipeline/pipelinetest"
)

func BenchmarkBuild10000(b *testing.B) {
	bench := pipelinetest.New(b)
	src := pipelinetest.Many(10_000)
	var before, after runtime.MemStats
	for range b.N {
		runtime.ReadMemStats(&before)
		g := bench.Graph(src)
		runtime.ReadMemStats(&after)
		if len(g.Nodes) != 10_000 {
			b.Fatal(len(g.Nodes))
		}
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e6, "MB")
	}
}
