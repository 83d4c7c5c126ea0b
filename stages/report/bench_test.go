package report

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"foil/internal/artifact"
	"foil/internal/report"
	"foil/pipeline"
	"foil/spec"
)

// The sizes of advx-ml-1m: 36 pairs of lambdas, five folds, 6,034 users. Each model has ranking
// metrics, and three attackers.
var (
	benchLambdas   = []int{0, 1, 200, 400, 600, 800}
	benchAttackers = []string{"privacy", "logistic", "trees"}
)

const benchFolds, benchUsers = 5, 1207

// benchRows are the rows of the outcomes of a cell: two splits with the weights of two epochs.
func benchRows(fold int) *artifact.Outcomes {
	o := &artifact.Outcomes{Unit: artifact.UnitUser}
	names := []string{"age", "gender", "occupation", "zip", o.IDAttribute()}
	for _, name := range names {
		o.Attributes = append(o.Attributes, artifact.OutcomeAttribute{Name: name})
	}
	for _, checkpoint := range []string{"best", "last"} {
		for s, split := range []string{artifact.Test, artifact.Validation} {
			o.Parts = append(o.Parts, artifact.OutcomePart{Split: split, Checkpoint: checkpoint, Rows: benchUsers})
			for u := range benchUsers {
				// The validation users of a fold are test users of the next one.
				id := (fold+s)%benchFolds*benchUsers + u
				o.Units = append(o.Units, int32(benchFolds*u+(fold+s)%benchFolds))
				about := []string{strconv.Itoa(id % 7), "fm"[id%2 : id%2+1], strconv.Itoa(id % 21), fmt.Sprintf("%05d", id*13%99999), strconv.Itoa(id + 1)}
				for i := range o.Attributes {
					o.Attributes[i].Values = append(o.Attributes[i].Values, about[i])
				}
			}
		}
	}
	return o
}

// benchCell writes the metrics and outcomes of a cell to a folder.
func benchCell(b *testing.B, dir string, gender, age, fold int, attacker bool, rng *rand.Rand) pipeline.GatheredCell {
	b.Helper()
	o := benchRows(fold)
	var metrics []artifact.Metric
	add := func(s artifact.OutcomeSeries, of func(u int) float64) {
		for i := range o.Units {
			s.Values = append(s.Values, of(i%benchUsers))
		}
		o.Series = append(o.Series, s)
	}
	easy := func(u int) float64 { return float64(u*7919%benchUsers) / benchUsers }
	if attacker {
		add(artifact.OutcomeSeries{Name: "label", Group: "gender"}, func(u int) float64 { return float64(u % 2) })
		add(artifact.OutcomeSeries{Name: "score", Group: "gender"}, func(int) float64 { return rng.Float64() })
		add(artifact.OutcomeSeries{Name: "bacc", Group: "gender", Balance: "gender:label"}, func(u int) float64 {
			return math.Round(max(0, min(1, easy(u)-0.0001*float64(gender)+0.3*rng.NormFloat64())))
		})
		add(artifact.OutcomeSeries{Name: "label", Group: "age"}, func(u int) float64 { return float64(u%7) / 7 })
		add(artifact.OutcomeSeries{Name: "score", Group: "age"}, func(int) float64 { return rng.Float64() })
		add(artifact.OutcomeSeries{Name: "mae", Group: "age"}, func(u int) float64 {
			return math.Abs(0.3*easy(u) + 0.00005*float64(age) + 0.02*rng.NormFloat64())
		})
	} else {
		for _, k := range []int{10, 20, 50} {
			for _, name := range []string{"ndcg", "recall", "hit"} {
				add(artifact.OutcomeSeries{Name: name, K: k}, func(u int) float64 {
					return max(0, easy(u)-0.00001*float64(gender+age)+0.1*rng.NormFloat64())
				})
			}
		}
	}
	for _, p := range o.Parts {
		for i := range o.Series {
			s := &o.Series[i]
			v, found := o.Of(s.Name, s.K, s.Group, p.Split, p.Checkpoint)
			if !found {
				b.Fatal("no outcomes")
			}
			metrics = append(metrics, artifact.Metric{Name: s.Name, K: s.K, Group: s.Group, Split: p.Split, Checkpoint: p.Checkpoint, Value: v.Mean()})
		}
	}
	var raw [2]bytes.Buffer
	if err := artifact.WriteMetrics(&raw[0], metrics); err != nil {
		b.Fatal(err)
	}
	if err := artifact.WriteOutcomes(&raw[1], o); err != nil {
		b.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		b.Fatal(err)
	}
	for i, name := range []string{artifact.MetricsFile, artifact.OutcomesFile} {
		if err := os.WriteFile(filepath.Join(dir, name), raw[i].Bytes(), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	a, err := pipeline.DirArtifact(dir)
	if err != nil {
		b.Fatal(err)
	}
	at := func(axis string, n int) pipeline.AxisValue {
		return pipeline.AxisValue{Axis: axis, Value: spec.Value{Type: spec.Int, Int: int64(n)}}
	}
	return pipeline.GatheredCell{Axes: []pipeline.AxisValue{at("age", age), at("fold", fold), at("gender", gender)}, Artifact: a}
}

// benchGathered are 720 cells.
func benchGathered(b *testing.B) map[string][]pipeline.GatheredCell {
	b.Helper()
	dir := b.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	all := map[string][]pipeline.GatheredCell{}
	n := 0
	for _, age := range benchLambdas {
		for fold := range benchFolds {
			for _, gender := range benchLambdas {
				for i, name := range append([]string{"utility"}, benchAttackers...) {
					all[name] = append(all[name], benchCell(b, filepath.Join(dir, strconv.Itoa(n)), gender, age, fold, i > 0, rng))
					n++
				}
			}
		}
	}
	return all
}

// benchLayout has the tables, the rule and the expected values of advx-ml-1m, with the columns of
// three attackers.
func benchLayout(b *testing.B) *report.Layout {
	b.Helper()
	var text bytes.Buffer
	text.WriteString(`name: bench
stages:
  m: {uses: evaluate/ranking}
  table:
    uses: report/table
    gather: {m: m}
    with:
      over: [fold]
      compare: {to: MultVAE}
      columns:
        - {title: NDCG@10, from: utility, metric: ndcg, k: 10, split: test, checkpoint: best, better: higher}
        - {title: NDCG@50, from: utility, metric: ndcg, k: 50, split: test, checkpoint: best, better: higher}
        - {title: Recall@10, from: utility, metric: recall, k: 10, split: test, checkpoint: best, better: higher}
`)
	for _, from := range benchAttackers {
		for _, checkpoint := range []string{"best", "last"} {
			for _, m := range []string{"metric: bacc, group: gender, better: lower", "metric: mae, group: age, better: higher"} {
				fmt.Fprintf(&text, "        - {title: %q, from: %s, split: test, checkpoint: %s, %s}\n", from+" "+checkpoint+" "+m[8:12], from, checkpoint, m)
			}
		}
	}
	text.WriteString(`      tables:
        - title: The models of the paper
          rows:
            - {name: MultVAE, where: {gender: 0, age: 0}}
            - {name: AdvMultVAE (gender), where: {gender: 400, age: 0}}
            - name: AdvXMultVAE
              select:
                among: [gender, age]
                exclude: [{gender: 0}, {age: 0}]
                best: {from: privacy, metric: bacc, group: gender, split: validation, checkpoint: last, better: lower}
                within: {from: utility, metric: ndcg, k: 10, split: validation, checkpoint: last, better: higher, of: MultVAE, by: 0.04}
                per: fold
        - title: All lambdas
          grid: [gender, age]
      expect:
        - {row: AdvMultVAE (gender), column: NDCG@10, value: 0.5, tolerance: 0.1, source: a paper}
`)
	s, err := spec.Parse("bench.yaml", text.Bytes(), spec.Options{})
	if err != nil {
		b.Fatal(err)
	}
	l, err := report.LayoutParams.Decode(s.Stages[1].With)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// BenchmarkTable makes the report of 720 cells from their files: metrics and outcomes in Arrow,
// intervals for each number, all differences from one row, tested marks, a rule, expected values,
// and every form.
func BenchmarkTable(b *testing.B) {
	gathered, layout := benchGathered(b), benchLayout(b)
	size := int64(0)
	for b.Loop() {
		cell := &pipeline.Cell{ID: "table", OutDir: b.TempDir(), Gathered: gathered}
		if err := Table().Run(b.Context(), cell, layout); err != nil {
			b.Fatal(err)
		}
		files, err := os.ReadDir(cell.OutDir)
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range files {
			info, err := f.Info()
			if err != nil {
				b.Fatal(err)
			}
			size = max(size, info.Size())
		}
	}
	b.ReportMetric(float64(size)/1e6, "MB-file")
}
