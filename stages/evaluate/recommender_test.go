package evaluate

import (
	"context"
	"math"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/latents"
	"foil/internal/kindtest"
	"foil/internal/kindtest/trained"
	"foil/internal/safetensors"
	"foil/internal/scores"
	"foil/pipeline"
)

// popular is a recommender that is a kind of its own and known to nothing but the list of
// kinds: it has no epochs, no latent vectors, and one weight for each item.
func popular() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name: "recommend/popular", Version: 1,
		Inputs: []pipeline.Port{{Name: "data", Type: artifact.TypeSplit}},
		Output: artifact.TypeRecommender,
		Files:  checkpoints.Docs(),
		Open: func(_ context.Context, _ *pipeline.Cell, a pipeline.Artifact, checkpoint string) (any, error) {
			s, err := checkpoints.Read(a)
			if err != nil {
				return nil, err
			}
			weights, err := s.Weights(checkpoint, checkpoints.Model)
			return popularity(weights["popularity"].F32), err
		},
	}, pipeline.NoParams, pipeline.Work[pipeline.None]{
		Run: func(_ context.Context, cell *pipeline.Cell, _ *pipeline.None) error {
			split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
			if err != nil {
				return err
			}
			count := make(popularity, split.Items.Len())
			for _, item := range split.Train.Item {
				count[item]++
			}
			return checkpoints.Write(cell.Create, checkpoints.Result{
				Training: checkpoints.Training{KindVersion: cell.By, Data: cell.Inputs["data"].Digest()},
				Last:     checkpoints.Weights{checkpoints.Model: {{Name: "popularity", Shape: []int{len(count)}, F32: count}}},
			})
		},
	})
}

type popularity []float32

func (p popularity) Scores(_ context.Context, users [][]int32, into []float32) error {
	for u := range users {
		copy(into[u*len(p):], p)
	}
	return nil
}

func TestAnyRecommenderIsScored(t *testing.T) {
	data := kindtest.Split(t)
	model := kindtest.MustRun(t, popular(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"data": data}})
	a := kindtest.MustRun(t, Ranking(), params(nil), &pipeline.Cell{
		Kind:   kindtest.Kinds(popular()),
		Inputs: map[string]pipeline.Artifact{"model": model, "data": data},
	})
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	count := make([]float32, split.Items.Len())
	for _, item := range split.Train.Item {
		count[item]++
	}
	input, target := artifact.NewRows(split.TestInput), artifact.NewRows(split.TestTarget)
	ranker, want := scores.NewRanker(5), 0.0
	for u := range target.User {
		all := append([]float32{}, count...)
		scores.Exclude.Mask(all, input.Items(u))
		want += scores.NDCG(ranker.Top(all), target.Items(u), 5) / float64(len(target.User))
	}
	found := 0
	for _, m := range kindtest.Metrics(t, a) {
		if m.Name == "ndcg" && m.K == 5 {
			found++
			if math.Abs(m.Value-want) > 1e-12 {
				t.Errorf("NDCG@5 of the %s checkpoint is %g, want %g", m.Checkpoint, m.Value, want)
			}
		}
	}
	if found != 2 {
		t.Errorf("%d checkpoints are scored, want the only one as best and as last", found)
	}
}

func TestRecommenderWithoutLatentsTakesNone(t *testing.T) {
	data := kindtest.Split(t)
	model := kindtest.MustRun(t, popular(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"data": data}})
	part := latents.Part{User: []int32{4}, Z: []float32{1}}
	z := &latents.Latents{Train: part, Validation: part, Test: part}
	l := kindtest.Written(t, func(create artifact.CreateFunc) error {
		return latents.Write(create, latents.Config{Width: 1, Data: data.Digest(), Model: model.Digest()},
			map[string]*latents.Latents{checkpoints.Best: z, checkpoints.Last: z})
	})
	_, err := kindtest.Run(t, Ranking(), params(nil), &pipeline.Cell{
		Kind:   kindtest.Kinds(popular()),
		Inputs: map[string]pipeline.Artifact{"model": model, "latents": l, "data": data},
	})
	if err == nil || !strings.Contains(err.Error(), "leave out the input latents") {
		t.Errorf("error %v, want one that says what to leave out", err)
	}
}

// TestLatentsChangeNothing scores a model with its latent vectors and without.
func TestLatentsChangeNothing(t *testing.T) {
	in := inputs(t, kindtest.Split(t), 0)
	run := func() []artifact.Metric {
		return kindtest.Metrics(t, kindtest.MustRun(t, Ranking(), params(nil), &pipeline.Cell{Kind: trained.Kinds, Inputs: in}))
	}
	with := run()
	delete(in, "latents")
	without := run()
	if len(with) != len(without) || len(with) == 0 {
		t.Fatalf("%d scores with latent vectors, %d without", len(with), len(without))
	}
	for i, w := range with {
		if math.Abs(w.Value-without[i].Value) > 1e-6 || w.Name != without[i].Name {
			t.Errorf("with latent vectors %+v, without %+v", w, without[i])
		}
	}
}

// TestCurvesOfAnyTrainingAreMetrics takes a recommender's training, one without epochs, and one
// that has figures of its own.
func TestCurvesOfAnyTrainingAreMetrics(t *testing.T) {
	data := kindtest.Split(t)
	evaluate := func(model pipeline.Artifact) map[string][]float64 {
		out := map[string][]float64{}
		for _, m := range kindtest.Metrics(t, kindtest.MustRun(t, Training(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"model": model}})) {
			if m.K > 0 && m.K != len(out[m.Name])+1 {
				t.Errorf("%s: k is %d behind %v", m.Name, m.K, out[m.Name])
			}
			out[m.Name] = append(out[m.Name], m.Value)
		}
		return out
	}
	model := trained.Model(t, data, 4)
	got := evaluate(model)
	var want []float64
	for _, p := range kindtest.Curves(t, model) {
		if p.Name == "validation/ndcg@10" {
			want = append(want, p.Value)
		}
	}
	if len(want) != 4 || len(got["validation/ndcg@10"]) != 4 || got["validation/ndcg@10"][3] != want[3] {
		t.Errorf("NDCG over the epochs is %v, want %v", got["validation/ndcg@10"], want)
	}
	if best := got["best_epoch"]; len(best) != 1 || best[0] != float64(trained.BestEpoch(t, model)) {
		t.Errorf("the best epoch is %v, want %d", best, trained.BestEpoch(t, model))
	}
	if got := evaluate(kindtest.MustRun(t, popular(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"data": data}})); len(got) != 0 {
		t.Errorf("a recommender without epochs has %v", got)
	}
	figures := kindtest.Written(t, func(create artifact.CreateFunc) error {
		return checkpoints.Write(create, checkpoints.Result{
			Training: checkpoints.Training{LastEpoch: 3, BestEpoch: 2, Figures: map[string]float64{"forward": 3, "backward": 0}},
			Last:     checkpoints.Weights{checkpoints.Model: []safetensors.Tensor{}},
		})
	})
	if got := evaluate(figures); len(got) != 3 || got["forward"][0] != 3 || got["backward"][0] != 0 || got["best_epoch"][0] != 2 {
		t.Errorf("figures and best epoch are %v", got)
	}
}
