package recommend

import (
	"slices"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/pipeline"
)

func TestScoresCountTrainingUsers(t *testing.T) {
	cell := &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"data": kindtest.Split(t)}}
	a := kindtest.MustRun(t, Popularity(), nil, cell)
	opened, err := openPopularity(t.Context(), cell, a, "best")
	if err != nil {
		t.Fatal(err)
	}
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float32, split.Items.Len())
	for _, item := range split.Train.Item {
		want[item]++
	}
	got := make([]float32, 2*len(want))
	if err := opened.(artifact.Recommender).Scores(t.Context(), [][]int32{{0}, {1, 2}}, got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got[:len(want)], want) || !slices.Equal(got[len(want):], want) {
		t.Errorf("got %v, want %v twice", got, want)
	}
}
