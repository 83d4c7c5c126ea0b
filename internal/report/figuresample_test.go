package report

import (
	"math"
	"os"
	"testing"

	"foil/internal/artifact"
	"foil/spec"
)

// training makes metrics like those of evaluate/training: curves from a formula with the epoch as
// k, for four methods, of which two have several seeds.
func training(epochs int) map[string][]Cell {
	gathered := map[string][]Cell{}
	for i, method := range []string{"l2l-naive", "l2l-grad", "l2l-2step", "plain"} {
		for seed := 1; seed <= 3; seed++ {
			if i%2 == 0 && seed > 1 {
				continue
			}
			metrics := []artifact.Metric{{Name: "forward", Value: 3}}
			for k := 1; k <= epochs; k++ {
				x := float64(k) / float64(epochs)
				wobble := math.Sin(float64(7*seed+3*k+i)) * 0.05
				pgd := 2.3 - 0.6*x*x - 0.1*float64(i) + wobble
				metrics = append(metrics, artifact.Metric{Name: "selection/pgd/loss", K: k, Value: pgd},
					artifact.Metric{Name: "selection/pgd/accuracy", K: k, Value: 0.15 + 0.3*math.Sqrt(x) + wobble/3})
				if method != "plain" {
					metrics = append(metrics, artifact.Metric{Name: "selection/learned/loss", K: k, Value: pgd - 0.5*math.Exp(-3*x)})
				}
			}
			gathered["training"] = append(gathered["training"], newCell([]Axis{{"method", text(method)}, axis("seed", seed)}, metrics...))
		}
	}
	return gathered
}

// points makes a cell whose metric has the given values, by k.
func points(axes []Axis, name string, values map[int]float64) Cell {
	var metrics []artifact.Metric
	for _, k := range sortedInts(values) {
		metrics = append(metrics, artifact.Metric{Name: name, K: k, Value: values[k]})
	}
	return newCell(axes, metrics...)
}

func sortedInts(values map[int]float64) []int {
	var all []int
	for k := range 1001 {
		if _, ok := values[k]; ok {
			all = append(all, k)
		}
	}
	return all
}

func decodeFigures(t *testing.T, src string) *FiguresLayout {
	t.Helper()
	l, err := decode(src, FiguresLayoutParams)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func figuresLayout(t *testing.T) *FiguresLayout {
	t.Helper()
	src, err := os.ReadFile("testdata/figures.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return decodeFigures(t, string(src))
}

func pointsLayout(t *testing.T) *FiguresLayout {
	t.Helper()
	src, err := os.ReadFile("testdata/points.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return decodeFigures(t, string(src))
}

func buildFigures(t *testing.T, l *FiguresLayout, gathered map[string][]Cell) *Figures {
	t.Helper()
	r, err := BuildFigures(l, gathered)
	if err != nil {
		t.Fatal(err)
	}
	if problems := early(func(r spec.Reporter) { before(gathered).CheckFigures(l, r) }); len(problems) > 0 {
		t.Errorf("reported before the cells run: %q", problems)
	}
	return r
}
