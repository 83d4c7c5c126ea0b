package experiments

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/kindtest"
	"foil/internal/scores"
	"foil/pipeline"
	"foil/spec"
	"foil/stages/command"
)

// The Python program stands beside evaluate/ranking in a table, so both have to
// mean the same by NDCG, recall and coverage.
func TestPopularityScoresAsFoilDoes(t *testing.T) {
	if err := exec.Command("python3", "-c", "import pyarrow").Run(); err != nil {
		t.Skip("python3 has no pyarrow: python3 -m pip install pyarrow")
	}
	const k = 5
	data := kindtest.Split(t)
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	metrics := kindtest.Metrics(t, runPopularity(t, data, k))
	want := popularity(split, k)
	if len(metrics) != len(want) {
		t.Errorf("%d metrics, want %d", len(metrics), len(want))
	}
	for _, m := range metrics {
		if w, ok := want[m.Name]; !ok || m.K != k || m.Split != artifact.Test || m.Value < w-1e-12 || m.Value > w+1e-12 {
			t.Errorf("got %+v, want %v", m, w)
		}
	}
}

// runPopularity runs the program as the experiment does.
func runPopularity(t *testing.T, data pipeline.Artifact, k int64) pipeline.Artifact {
	t.Helper()
	kind := command.Command()
	p := kind.Params().(*command.Params)
	for _, arg := range []string{"python3", "popularity.py", "--split", "in/split", "--out", "out/metrics.arrow", "--k"} {
		p.Run = append(p.Run, spec.Text(arg))
	}
	p.Run = append(p.Run, spec.Text(strconv.FormatInt(k, 10)))
	p.Outputs, p.Type = []string{artifact.MetricsFile}, artifact.TypeMetrics
	program, err := files.ReadFile("popularity.py")
	if err != nil {
		t.Fatal(err)
	}
	return kindtest.MustRun(t, kind, p, &pipeline.Cell{
		Inputs:  map[string]pipeline.Artifact{"split": data},
		Sources: []pipeline.Source{{Name: "popularity.py", Digest: digest.Of(program), Content: program}},
		OutDir:  filepath.Join(t.TempDir(), "out"),
	})
}

// popularity scores the same recommendations with package scores.
func popularity(split *artifact.Split, k int) map[string]float64 {
	count := make([]float32, split.Items.Len())
	for _, item := range split.Train.Item {
		count[item]++
	}
	input, target := artifact.NewRows(split.TestInput), artifact.NewRows(split.TestTarget)
	ranker, coverage := scores.NewRanker(k), scores.NewCoverage(len(count))
	sum := map[string]float64{}
	for u := range target.User {
		logits := slices.Clone(count)
		scores.Exclude.Mask(logits, input.Items(u))
		top := ranker.Top(logits)
		sum["ndcg"] += scores.NDCG(top, target.Items(u), k)
		sum["recall"] += scores.Recall(top, target.Items(u), k)
		coverage.Add(top)
	}
	n := float64(len(target.User))
	return map[string]float64{"ndcg": sum["ndcg"] / n, "recall": sum["recall"] / n, "coverage": coverage.Value()}
}
