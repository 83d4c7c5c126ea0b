package history_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/history"
	"foil/pipeline/pipelinetest"
)

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
			bench := pipelinetest.New(b)
			var records []*store.Record
			past := bench.Plan(src(0, ""))
			for i, c := range past.Cells {
				records = append(records, &store.Record{
					Key: c.Key, KeyText: past.Lines(c).Text(), Kind: c.Node.Kind.Name, Cell: c.Node.ID, Started: time.Unix(int64(i), 0), WallSeconds: float64(i % 7),
				})
			}
			p := bench.Plan(after)
			b.ResetTimer()
			for range b.N {
				h := history.New(records)
				x := history.NewExplainer(p, h)
				for _, c := range p.Cells {
					if e := x.Explain(c.Node); e.Nearest == nil {
						b.Fatalf("%s is compared with nothing", c.Node.ID)
					}
				}
				if e := p.Estimate(history.NewCosts(h, p), pipeline.Limits{Cores: 64, Memory: math.MaxInt64}, 4); e.Blank > 0 {
					b.Fatalf("nothing is known of %d cells", e.Blank)
				}
			}
		})
	}
}
