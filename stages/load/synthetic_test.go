package load

import (
	"context"
	"fmt"
	"testing"

	"foil/internal/artifact"
	"foil/pipeline"
	"foil/spec"
)

func synthetic(t testing.TB, seed uint64, change func(*SyntheticParams)) *artifact.Dataset {
	t.Helper()
	p := syntheticParams.New()
	change(p)
	d, err := synthesize(t.Context(), p, seed)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// guessed says how well a trait can be read from interactions: the balanced
// accuracy, on the second half of the users, of summing over a user's items how
// much likelier each is among those of the first half who have the trait.
func guessed(d *artifact.Dataset, has func(user int) bool) float64 {
	half := d.Users.Len() / 2
	with, without := make([]float64, d.Items.Len()), make([]float64, d.Items.Len())
	users := map[bool]float64{}
	rows := artifact.NewRows(d.Interactions)
	for u := range half {
		users[has(u)]++
		for _, i := range rows.Items(u) {
			if has(u) {
				with[i]++
			} else {
				without[i]++
			}
		}
	}
	score := func(u int) (s float64) {
		for _, i := range rows.Items(u) {
			s += (with[i]+1)/users[true] - (without[i]+1)/users[false]
		}
		return s / float64(len(rows.Items(u)))
	}
	threshold := 0.0
	for u := range half {
		threshold += score(u) / float64(half)
	}
	hits, all := map[bool]float64{}, map[bool]float64{}
	for u := half; u < d.Users.Len(); u++ {
		all[has(u)]++
		if (score(u) > threshold) == has(u) {
			hits[has(u)]++
		}
	}
	return (hits[true]/all[true] + hits[false]/all[false]) / 2
}

func man(d *artifact.Dataset) func(int) bool {
	gender, _ := d.Users.Attribute("gender")
	return func(u int) bool { return gender.Category[u] == "m" }
}

func older(d *artifact.Dataset) func(int) bool {
	age, _ := d.Users.Attribute("age")
	return func(u int) bool { return age.Number[u] >= 35 }
}

func TestTastesDependOnGenderAndAgeAsTold(t *testing.T) {
	for _, c := range []struct {
		gender, age float64
		low, high   [2]float64 // of what can be guessed: gender, age
	}{
		{0.5, 0.5, [2]float64{0.6, 0.6}, [2]float64{0.95, 0.95}},
		{0, 0, [2]float64{0.4, 0.4}, [2]float64{0.6, 0.6}},
		{1, 0, [2]float64{0.7, 0.4}, [2]float64{1, 0.6}},
		{0, 1, [2]float64{0.4, 0.65}, [2]float64{0.6, 1}},
		{1, 1, [2]float64{0.65, 0.65}, [2]float64{1, 1}},
	} {
		for seed := range uint64(3) {
			d := synthetic(t, seed, func(p *SyntheticParams) { p.GenderEffect, p.AgeEffect = c.gender, c.age })
			got := [2]float64{guessed(d, man(d)), guessed(d, older(d))}
			t.Logf("effects %g, %g, seed %d: gender %.2f, age %.2f", c.gender, c.age, seed, got[0], got[1])
			for i := range got {
				if got[i] < c.low[i] || got[i] > c.high[i] {
					t.Errorf("effects %g, %g, seed %d: balanced accuracies %.2f, wanted %v to %v", c.gender, c.age, seed, got, c.low, c.high)
				}
			}
		}
	}
}

func TestSharesAndSizesAreThoseAskedFor(t *testing.T) {
	for _, c := range []struct {
		users, items int
		mean         float64
	}{{600, 400, 40}, {3000, 1000, 60}} {
		d := synthetic(t, 7, func(p *SyntheticParams) { p.Users, p.Items, p.Interactions = c.users, c.items, c.mean })
		men, popular := 0, make([]int, d.Items.Len())
		for u := range d.Users.Len() {
			if man(d)(u) {
				men++
			}
		}
		for _, i := range d.Interactions.Item {
			popular[i]++
		}
		share, mean := float64(men)/float64(c.users), float64(d.Interactions.Len())/float64(c.users)
		if d.Users.Len() != c.users || d.Items.Len() != c.items || share < 0.67 || share > 0.77 || mean < 0.9*c.mean || mean > 1.1*c.mean {
			t.Errorf("%d users (%.2f men), %d items, %.1f interactions a user", d.Users.Len(), share, d.Items.Len(), mean)
		}
		most := 0
		for _, n := range popular {
			most = max(most, n)
		}
		if average := float64(d.Interactions.Len()) / float64(c.items); float64(most) < 3*average {
			t.Errorf("the most popular item has %d interactions, the average one %.0f", most, average)
		}
	}
}

// Output changed and Version not raised: raise it, and only then change the
// digest here.
func TestSyntheticIsPinned(t *testing.T) {
	kind := Synthetic()
	tiny := func() *SyntheticParams {
		return &SyntheticParams{Users: 20, Items: 30, Interactions: 6, GenderEffect: 1, AgeEffect: 1}
	}
	_, first, err := loaded(t, kind, nil, tiny())
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := loaded(t, kind, nil, tiny())
	if err != nil || first.Digest() != second.Digest() {
		t.Errorf("two runs differ (%v)", err)
	}
	if got, want := fmt.Sprint(kind.Version, " ", first.Digest().Short()), "2 df8762e0a772"; got != want {
		t.Errorf("version and digest are %s, were %s", got, want)
	}
	cell := &pipeline.Cell{OutDir: t.TempDir(), Seed: 43}
	if err := kind.Run(t.Context(), cell, tiny()); err != nil {
		t.Fatal(err)
	}
	if other, err := pipeline.DirArtifact(cell.OutDir); err != nil || other.Digest() == first.Digest() {
		t.Errorf("another seed has the same output (%v)", err)
	}
}

func TestTooManyInteractionsAreReported(t *testing.T) {
	p := &SyntheticParams{Items: 100, Interactions: 60}
	var got string
	syntheticParams.Check(p, spec.ReportTo(func(path, message string) { got = path + ": " + message }))
	if want := "interactions: a mean of 60 interactions needs at least 120 items, not 100"; got != want {
		t.Error(got)
	}
}

func TestCancelledSynthesisStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := synthesize(ctx, syntheticParams.New(), 1); err != context.Canceled {
		t.Error(err)
	}
}
