package encode_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/latents"
	"foil/internal/kindtest"
	"foil/internal/kindtest/trained"
	"foil/pipeline"
	"foil/stages/encode"
)

// profiles makes a split of 300 training users, of whom every third has a single item, and of test
// users with the given numbers of input and target pairs.
func profiles(input, target int) *artifact.Split {
	s := &artifact.Split{}
	for u := range int32(300) {
		for i := range 1 + 40*min(1, u%3) {
			s.Train.User, s.Train.Item = append(s.Train.User, u), append(s.Train.Item, i)
		}
	}
	s.TestInput.User, s.TestTarget.User = slices.Repeat([]int32{300}, input), slices.Repeat([]int32{300}, target)
	return s
}

// In a split within users, the profiles of test users are as long as those of training users.
func TestLengthsOfTheSameUsersAreNotMatched(t *testing.T) {
	s := profiles(20, 80)
	s.TestTarget.User[0] = 299
	if _, _, err := encode.MatchLengths(s, 7); err == nil || !strings.Contains(err.Error(), "the test users of the split are training users, too") {
		t.Error(err)
	}
}

func TestMatchedLengths(t *testing.T) {
	for _, c := range []struct {
		input, target int
		share         float64
	}{{20, 80, 0.2}, {50, 50, 0.5}, {90, 10, 0.9}} {
		s := profiles(c.input, c.target)
		x, m, err := encode.MatchLengths(s, 7)
		if err != nil {
			t.Fatal(err)
		}
		if *m != (latents.Matching{Share: c.share, Seed: 7}) {
			t.Errorf("matching %+v, want the share %g and the seed", m, c.share)
		}
		has := map[[2]int32]bool{}
		for i, u := range s.Train.User {
			has[[2]int32{u, s.Train.Item[i]}] = true
		}
		rows := artifact.NewRows(x)
		for i, u := range rows.User {
			if u%3 == 0 {
				t.Fatalf("share %g: user %d, who has one item, is there", c.share, u)
			}
			if !slices.IsSorted(rows.Items(i)) {
				t.Fatalf("items of user %d: %v", u, rows.Items(i))
			}
			for _, item := range rows.Items(i) {
				if !has[[2]int32{u, item}] {
					t.Fatalf("user %d has not used item %d", u, item)
				}
			}
		}
		if !slices.IsSorted(rows.User) || rows.Len() < 190 {
			t.Errorf("share %g: %d users, want about 200 in order", c.share, rows.Len())
		}
		if got := float64(x.Len()) / (200 * 41); math.Abs(got-c.share) > 0.02 {
			t.Errorf("a share of %.3f is chosen, want %g", got, c.share)
		}
		again, _, _ := encode.MatchLengths(s, 7)
		other, _, _ := encode.MatchLengths(s, 8)
		if !slices.Equal(x.Item, again.Item) || slices.Equal(x.Item, other.Item) {
			t.Errorf("share %g: the choice is not that of its seed alone", c.share)
		}
	}
	for _, c := range []struct {
		split *artifact.Split
		want  string
	}{
		{profiles(0, 10), "no test users"},
		{profiles(10, 0), "no test users"},
		{&artifact.Split{Train: artifact.Interactions{User: []int32{0, 1}, Item: []int32{0, 0}}, TestInput: artifact.Interactions{User: []int32{2}}, TestTarget: artifact.Interactions{User: []int32{2}}},
			"no training user has enough items"},
	} {
		if _, _, err := encode.MatchLengths(c.split, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

// Only the vectors of training users depend on match_lengths: they are those of a part of the items.
func TestMatchedLatents(t *testing.T) {
	data := kindtest.Split(t)
	model := trained.Model(t, data, 0)
	open := func(a pipeline.Artifact) *latents.Latents {
		t.Helper()
		l, err := latents.Open(a, data, checkpoints.Last)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	whole, matched := open(trained.Latents(t, model, data)), open(trained.MatchedLatents(t, model, data))
	if whole.Matched != nil || matched.Matched == nil {
		t.Fatalf("matching %v and %v, want none and one", whole.Matched, matched.Matched)
	}
	for _, part := range []string{artifact.Validation, artifact.Test} {
		if !slices.Equal(whole.Of(part).Z, matched.Of(part).Z) {
			t.Errorf("the vectors of %s users differ", part)
		}
	}
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	chosen, _, err := encode.MatchLengths(split, 5)
	if err != nil {
		t.Fatal(err)
	}
	rows := artifact.NewRows(chosen)
	if !slices.Equal(matched.Train.User, rows.User) {
		t.Fatalf("training users %v, want %v", matched.Train.User, rows.User)
	}
	r, err := checkpoints.OpenRecommender(t.Context(), &pipeline.Cell{Backend: "go", Kind: trained.Kinds, Inputs: map[string]pipeline.Artifact{"model": model, "data": data}}, "model", "data", checkpoints.Last)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float32, len(matched.Train.Z))
	if err := r.(artifact.LatentRecommender).Latents(t.Context(), rows.Lists(), want); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(matched.Train.Z, want) {
		t.Error("training users are not encoded by the chosen items")
	}
}
