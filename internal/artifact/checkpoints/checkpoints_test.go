package checkpoints_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/digest"
	"foil/internal/kindtest"
	"foil/internal/safetensors"
	"foil/pipeline"
)

func weights(v float32) checkpoints.Weights {
	return checkpoints.Weights{checkpoints.Model: {{Name: "w", Shape: []int{1}, F32: []float32{v}}}}
}

func written(t *testing.T, r checkpoints.Result) pipeline.Artifact {
	t.Helper()
	return kindtest.Written(t, func(create artifact.CreateFunc) error { return checkpoints.Write(create, r) })
}

func read(t *testing.T, a pipeline.Artifact) *checkpoints.Saved {
	t.Helper()
	s, err := checkpoints.Read(a)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	r := checkpoints.Result{
		Training: checkpoints.Training{
			KindVersion: pipeline.KindVersion{Kind: "train/x", Version: 4}, Data: digest.Of([]byte("data")), BestEpoch: 2, LastEpoch: 3, BestScore: 0.5, SelectedBy: "luck",
			Figures: map[string]float64{"forward": 2},
		},
		Config: map[string]int{"width": 7},
		Best:   weights(1), Last: weights(2),
		Curves: []artifact.Point{{Epoch: 1, Name: "rate", Value: 0.1}},
	}
	r.Best["attacker"] = []safetensors.Tensor{{Name: "a", Shape: []int{2}, F32: []float32{3, 4}}}
	s := read(t, written(t, r))
	if s.Kind != "train/x" || s.Version != 4 || s.Data != r.Training.Data || s.BestEpoch != 2 || s.LastEpoch != 3 || s.BestScore != 0.5 ||
		s.SelectedBy != "luck" || s.Figures["forward"] != 2 {
		t.Errorf("read %+v, want %+v", s.Training, r.Training)
	}
	var config map[string]int
	if err := s.Config(&config); err != nil || config["width"] != 7 {
		t.Errorf("config %v, %v", config, err)
	}
	for _, c := range []struct {
		checkpoint, part, tensor string
		want                     []float32
	}{
		{checkpoints.Best, checkpoints.Model, "w", []float32{1}},
		{checkpoints.Last, checkpoints.Model, "w", []float32{2}},
		{checkpoints.Best, "attacker", "a", []float32{3, 4}},
	} {
		file, err := s.Weights(c.checkpoint, c.part)
		if err != nil || !slices.Equal(file[c.tensor].F32, c.want) {
			t.Errorf("%s %q: %v, %v; want %v", c.checkpoint, c.part, file, err, c.want)
		}
	}
	if curves, err := s.Curves(); err != nil || !slices.Equal(curves, r.Curves) {
		t.Errorf("curves %v, %v", curves, err)
	}
	if _, err := s.Weights(checkpoints.Last, "attacker"); err == nil || !strings.Contains(err.Error(), "last-attacker.safetensors") {
		t.Errorf("error %v, want one that names the file that is missing", err)
	}
}

func TestTheOnlyCheckpointIsTheBest(t *testing.T) {
	s := read(t, written(t, checkpoints.Result{Last: weights(2)}))
	file, err := s.Weights(checkpoints.Best, checkpoints.Model)
	if err != nil || !slices.Equal(file["w"].F32, []float32{2}) {
		t.Errorf("the best checkpoint is %v, %v; want the last", file, err)
	}
}

// flat gives every item the same score.
type flat struct{}

func (flat) Scores(_ context.Context, _ [][]int32, into []float32) error {
	clear(into)
	return nil
}

func TestRecommendersAreOpenedByTheKindThatTheyName(t *testing.T) {
	data := kindtest.Split(t)
	opens := func(result any, err error) *pipeline.Kind {
		return &pipeline.Kind{Name: "train/x", Version: 1, Open: func(context.Context, *pipeline.Cell, pipeline.Artifact, string) (any, error) { return result, err }}
	}
	for _, c := range []struct {
		name string
		kind *pipeline.Kind
		data digest.Digest
		want string // in the error; empty: none
	}{
		{"", opens(flat{}, nil), data.Digest(), ""},
		{"no such kind", nil, data.Digest(), `model: only the kind "train/x" can open it, and this program has no such kind; use the program that trained it`},
		{"a kind that opens nothing", &pipeline.Kind{Name: "train/x", Version: 1}, data.Digest(), "that kind has no Open function"},
		{"a kind that fails", opens(nil, errors.New("no weights")), data.Digest(), "train/x cannot open the best checkpoint: no weights"},
		{"a kind that opens something else", opens(3, nil), data.Digest(), "as a int, which does not score items"},
		{"another version", &pipeline.Kind{Name: "train/x", Version: 2, Open: opens(flat{}, nil).Open}, data.Digest(), "version 1 of train/x made it, and this program has version 2"},
		{"another split", opens(flat{}, nil), digest.Of([]byte("other")), "trained on the split"},
	} {
		a := written(t, checkpoints.Result{Training: checkpoints.Training{KindVersion: pipeline.KindVersion{Kind: "train/x", Version: 1}, Data: c.data}, Last: weights(1)})
		cell := &pipeline.Cell{
			Inputs: map[string]pipeline.Artifact{"model": a, "data": data},
			Kind:   func(string) *pipeline.Kind { return c.kind },
		}
		r, err := checkpoints.OpenRecommender(t.Context(), cell, "model", "data", checkpoints.Best)
		if c.want == "" && (err != nil || r != flat{}) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, error %v; want %q", c.name, r, err, c.want)
		}
	}
}
