package report

import (
	"fmt"
	"math"
	"os"
	"testing"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/spec"
)

// decodeLayout reads a layout that is written as in a spec.
func decodeLayout(t *testing.T, src string) *Layout {
	t.Helper()
	l, err := decode(src, LayoutParams)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// decode reads parameters that are written as in a spec.
func decode[P any](src string, params *spec.Params[P]) (*P, error) {
	text := "name: test\nstages:\n  m: {uses: evaluate/ranking}\n  table:\n    uses: report/table\n    gather: {m: m}\n    with:\n"
	line := "      "
	for _, r := range src {
		line += string(r)
		if r == '\n' {
			text += line
			line = "      "
		}
	}
	s, err := spec.Parse("test.yaml", []byte(text+line+"\n"), spec.Options{})
	if err != nil {
		return nil, err
	}
	return params.Decode(s.Stages[1].With)
}

func integer(n int) spec.Value     { return spec.Value{Type: spec.Int, Int: int64(n)} }
func text(s string) spec.Value     { return spec.Value{Type: spec.String, Str: s} }
func axis(name string, n int) Axis { return Axis{name, integer(n)} }

func newCell(axes []Axis, metrics ...artifact.Metric) Cell {
	return Cell{Axes: axes, Digest: digest.Of(fmt.Append(nil, axes, metrics)), Metrics: metrics}
}

// sample makes metrics like those of the AdvXMultVAE experiment: realistic numbers from a formula,
// in the order in which the pipeline gathers them.
func sample(lambdas []int, folds int) map[string][]Cell {
	gathered := map[string][]Cell{}
	for _, age := range lambdas {
		for fold := range folds {
			for _, gender := range lambdas {
				axes := []Axis{axis("age", age), axis("fold", fold), axis("gender", gender)}
				g, a := math.Sqrt(float64(gender)/800), math.Sqrt(float64(age)/800)
				wobble := math.Sin(float64(13*fold+gender+7*age)) * 0.004
				ndcg := 0.511 - 0.012*g - 0.009*a + wobble
				utility := newCell(axes,
					artifact.Metric{Name: "ndcg", K: 10, Split: "test", Checkpoint: "best", Value: ndcg},
					artifact.Metric{Name: "ndcg", K: 10, Split: "test", Checkpoint: "last", Value: ndcg - 0.003},
					artifact.Metric{Name: "ndcg", K: 50, Split: "test", Checkpoint: "best", Value: ndcg - 0.05},
					artifact.Metric{Name: "recall", K: 10, Split: "test", Checkpoint: "best", Value: ndcg / 5},
				)
				privacy := newCell(axes,
					artifact.Metric{Name: "bacc", Group: "gender", Split: "test", Checkpoint: "best", Value: 0.715 - 0.09*g + 2*wobble},
					artifact.Metric{Name: "bacc", Group: "gender", Split: "test", Checkpoint: "last", Value: 0.719 - 0.157*g + 3*wobble},
					artifact.Metric{Name: "bacc_majority", Group: "gender", Split: "test", Value: 0.5},
					artifact.Metric{Name: "mae", Group: "age", Split: "test", Checkpoint: "best", Value: 0.141 + 0.042*a + wobble/2},
					artifact.Metric{Name: "mae", Group: "age", Split: "test", Checkpoint: "last", Value: 0.139 + 0.046*a + wobble/2},
					artifact.Metric{Name: "mae_mean", Group: "age", Split: "test", Value: 0.187 + 0.001*float64(fold)},
					artifact.Metric{Name: "mae_median", Group: "age", Split: "test", Value: 0.171 + 0.001*float64(fold)},
				)
				gathered["utility"] = append(gathered["utility"], utility)
				gathered["privacy"] = append(gathered["privacy"], privacy)
			}
		}
	}
	return gathered
}

func sampleLayout(t *testing.T) *Layout {
	t.Helper()
	src, err := os.ReadFile("testdata/layout.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return decodeLayout(t, string(src))
}

func build(t *testing.T, l *Layout, gathered map[string][]Cell) *Tables {
	t.Helper()
	r, err := BuildTables(l, gathered)
	if err != nil {
		t.Fatal(err)
	}
	if problems := early(func(r spec.Reporter) { before(gathered).CheckTables(l, r) }); len(problems) > 0 {
		t.Errorf("reported before the cells run: %q", problems)
	}
	return r
}

func metric(name string, v float64) artifact.Metric {
	return artifact.Metric{Name: name, Split: "test", Value: v}
}
