package filter

import (
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/pipeline"
)

// timed has ratings, and times in the reverse order of the items.
func timed() *artifact.Dataset {
	d := dataset("x y z", "a: x y z", "b: x y", "c: z")
	for i, item := range d.Interactions.Item {
		d.Interactions.Rating = append(d.Interactions.Rating, float64(1+i))
		d.Interactions.Weight = append(d.Interactions.Weight, float64(10-i))
		d.Interactions.Time = append(d.Interactions.Time, int64(100-item))
	}
	return d
}

// pairsOf writes pairs such as "a x 1".
func pairsOf(d *artifact.Dataset) string {
	var out []string
	for i, u := range d.Interactions.User {
		out = append(out, d.Users.ID[u]+d.Items.ID[d.Interactions.Item[i]])
	}
	return strings.Join(out, " ")
}

func filteredBy(t *testing.T, kind pipeline.Kind, in *artifact.Dataset, p any) (*artifact.Dataset, string, error) {
	t.Helper()
	var notes []string
	out, err := kindtest.Run(t, kind, p, &pipeline.Cell{
		Inputs: map[string]pipeline.Artifact{"interactions": written(t, in)},
		OnNote: func(s string) { notes = append(notes, s) },
	})
	if err != nil {
		return nil, "", err
	}
	d, err := artifact.ReadDataset(out.Path)
	if err != nil {
		t.Fatal(err)
	}
	return d, strings.Join(notes, "\n"), nil
}

func TestLowRatingsAreDropped(t *testing.T) {
	for _, c := range []struct {
		p    MinRatingParams
		want string
	}{
		{MinRatingParams{3, "rating"}, "az bx by cz"}, {MinRatingParams{3.5, "rating"}, "bx by cz"}, {MinRatingParams{9, "weight"}, "ax ay"},
	} {
		d, _, err := filteredBy(t, MinRating(), timed(), &c.p)
		if err != nil || pairsOf(d) != c.want || len(d.Interactions.Time) != d.Interactions.Len() {
			t.Errorf("%v: %+v %v, want %s", c.p, d, err, c.want)
		}
	}
	if _, _, err := filteredBy(t, MinRating(), timed(), &MinRatingParams{7, "rating"}); err == nil || !strings.Contains(err.Error(), "none of the 6 interactions has a rating of 7 or more") {
		t.Error(err)
	}
	if _, _, err := filteredBy(t, MinRating(), dataset("x", "a: x"), &MinRatingParams{1, "rating"}); err == nil || !strings.Contains(err.Error(), "the interactions have no rating; with load/csv") {
		t.Error(err)
	}
}

func TestTheLatestInteractionsAreKept(t *testing.T) {
	for n, want := range map[int]string{1: "ax bx cz", 2: "ax ay bx by cz", 3: "ax ay az bx by cz"} {
		d, notes, err := filteredBy(t, LastN(), timed(), &LastNParams{n})
		if err != nil || pairsOf(d) != want || notes != "" {
			t.Errorf("%d: %v %v %q, want %s", n, pairsOf(d), err, notes, want)
		}
	}
	in := timed()
	for i := range in.Interactions.Time {
		in.Interactions.Time[i] = 7
	}
	d, notes, err := filteredBy(t, LastN(), in, &LastNParams{1})
	if err != nil || pairsOf(d) != "az by cz" || !strings.Contains(notes, "of 2 users, the first of the last 1 interactions is at the same time") {
		t.Errorf("ties: %v %v %q", d, err, notes)
	}
	if _, _, err := filteredBy(t, LastN(), dataset("x", "a: x"), &LastNParams{1}); err == nil || !strings.Contains(err.Error(), "the interactions have no times") {
		t.Error(err)
	}
}

// Filters and splits hand on ratings and times.
func TestKCoreKeepsColumns(t *testing.T) {
	d, _, err := filtered(t, timed(), &KCoreParams{Users: 2, Items: 1})
	if err != nil || pairsOf(d) != "ax ay az bx by" || len(d.Interactions.Rating) != 5 || d.Interactions.Time[4] != 99 {
		t.Errorf("%+v %v", d, err)
	}
}

func TestOutputsOfOwnFiltersArePinned(t *testing.T) {
	for _, c := range []struct {
		kind   pipeline.Kind
		params any
		want   string
	}{{MinRating(), &MinRatingParams{3, "rating"}, "4557caea479a"}, {LastN(), &LastNParams{1}, "29bc80c77a36"}} {
		a := kindtest.MustRun(t, c.kind, c.params, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"interactions": written(t, timed())}})
		if got := a.Digest().String()[:12]; got != c.want {
			t.Errorf("the digest of %s is %s, not %s: raise the version of the kind", c.kind.Name, got, c.want)
		}
	}
}
