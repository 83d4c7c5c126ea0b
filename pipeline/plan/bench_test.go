package plan_test

import (
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"foil/pipeline"
	"foil/pipeline/history"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/plan"
)

// numbers are the numbers below n, as a YAML list.
func numbers(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// known is a spec of n cells without needs. The key of each is known, and no two have equal
// parameters: the most work for a plan.
func known(n int) string {
	return fmt.Sprintf(`name: known
stages:
  a: {uses: test/text, matrix: {i: %s, j: %s, k: %[1]s}, with: {n: "${matrix.k}", value: ["${matrix.i}", "${matrix.j}"]}}
`, numbers(100), numbers(n/10_000))
}

// waiting is a spec of n cells, of which a hundredth must be made before the keys of the others are
// known.
func waiting(n int) string {
	return fmt.Sprintf(`name: waiting
stages:
  a: {uses: test/text, matrix: {i: %s, j: %s}, with: {value: ["${matrix.i}", "${matrix.j}"]}}
  b: {uses: test/text, needs: {a: a}, matrix: {k: %s}, with: {n: "${matrix.k}"}}
`, numbers(100), numbers(n/10_000), numbers(99))
}

// BenchmarkPlan does what foil plan does, with nothing in the cache. A million cells must take less
// than 60 seconds of processor time and 4 GB: see docs/scale.md.
func BenchmarkPlan(b *testing.B) {
	for name, spec := range map[string]func(n int) string{"Known": known, "Waiting": waiting} {
		for _, n := range []int{10_000, 1_000_000} {
			b.Run(fmt.Sprint(name, n), func(b *testing.B) {
				bench := pipelinetest.New(b)
				src := spec(n)
				for range b.N {
					planAll(b, bench, src, n)
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				b.ReportMetric(float64(m.Sys)/1e6, "MB")
				b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(n), "µs/cell")
				if m.Sys > 4e9 {
					b.Errorf("%d bytes of memory", m.Sys)
				}
			})
		}
	}
}

func planAll(b *testing.B, bench *pipelinetest.Bench, src string, n int) {
	p := bench.Plan(src)
	if len(p.Cells) != n {
		b.Fatalf("%d cells", len(p.Cells))
	}
	h, err := history.Read(b.Context(), bench.Store)
	if err != nil {
		b.Fatal(err)
	}
	x := history.NewExplainer(p, h)
	for _, c := range p.Cells {
		if c.State == plan.Miss && x.Explain(c.Node).Nearest != nil {
			b.Fatal("an empty cache has a record")
		}
	}
	all := pipeline.Limits{Cores: 64, Memory: math.MaxInt64}
	if e := p.Estimate(history.NewCosts(h, p), all, 4); e.Blank != n || e.Run > time.Second {
		b.Fatal("an empty cache knows times")
	}
}
