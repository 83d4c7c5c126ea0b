package split

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/pipeline"
)

// clicks makes users with random items and times.
func clicks(users, items int, timed bool) *artifact.Dataset {
	r := rand.New(rand.NewPCG(1, 2))
	d := &artifact.Dataset{}
	for i := range items {
		d.Items.ID = append(d.Items.ID, fmt.Sprint("i", i))
	}
	for u := range users {
		d.Users.ID = append(d.Users.ID, fmt.Sprint("u", u))
		for i := range items {
			if r.IntN(3) == 0 || i == u%items {
				d.Interactions.User, d.Interactions.Item = append(d.Interactions.User, int32(u)), append(d.Interactions.Item, int32(i))
				if timed {
					d.Interactions.Time = append(d.Interactions.Time, int64(r.IntN(1000)))
				}
			}
		}
	}
	return d
}

func divided(t *testing.T, kind pipeline.Kind, in *artifact.Dataset, p any) (*artifact.Split, string, error) {
	t.Helper()
	var notes []string
	out, err := kindtest.Run(t, kind, p, &pipeline.Cell{
		Inputs: map[string]pipeline.Artifact{"interactions": written(t, in)},
		OnNote: func(s string) { notes = append(notes, s) },
	})
	if err != nil {
		return nil, "", err
	}
	s, err := artifact.ReadSplit(out.Path)
	if err != nil {
		t.Fatal(err)
	}
	return s, strings.Join(notes, "\n"), nil
}

func ids(s *artifact.Split, x artifact.Interactions) map[string]int64 {
	out := map[string]int64{}
	for i, u := range x.User {
		at := int64(0)
		if x.Time != nil {
			at = x.Time[i]
		}
		out[s.Users.ID[u]+" "+s.Items.ID[x.Item[i]]] = at
	}
	return out
}

// splits are all splits within users.
var splits = []struct {
	name   string
	kind   pipeline.Kind
	params any
	timed  bool
}{
	{"temporal", Temporal(), &TemporalParams{By: "global", Validation: 0.1, Test: 0.2}, true},
	{"temporal at times", Temporal(), &TemporalParams{By: "global", ValidationFrom: "0.0006", TestFrom: "0.0008"}, true},
	{"temporal of users", Temporal(), &TemporalParams{By: "user", Validation: 0.2, Test: 0.2}, true},
	{"leave one out", LeaveOneOut(), &LeaveOneOutParams{By: "time"}, true},
	{"leave any out", LeaveOneOut(), &LeaveOneOutParams{By: "random", Seed: 3}, false},
	{"random", Random(), &RandomParams{Per: "user", Validation: 0.1, Test: 0.2, Seed: 3}, true},
	{"random of all", Random(), &RandomParams{Per: "all", Validation: 0.1, Test: 0.2, Seed: 3}, false},
}

// What a split must keep: no target is trained, or given as input; inputs are what the rule of the
// split says; nothing that was there is changed or twice.
func TestNoTargetLeaks(t *testing.T) {
	for _, c := range splits {
		in := clicks(60, 20, c.timed)
		s, notes, err := divided(t, c.kind, in, c.params)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		train, validation, test := ids(s, s.Train), ids(s, s.ValidationTarget), ids(s, s.TestTarget)
		all := map[string]int64{}
		for i, u := range in.Interactions.User {
			at := int64(0)
			if c.timed {
				at = in.Interactions.Time[i]
			}
			all[in.Users.ID[u]+" "+in.Items.ID[in.Interactions.Item[i]]] = at
		}
		for _, part := range []map[string]int64{train, validation, test} {
			for pair, at := range part {
				if have, ok := all[pair]; !ok || have != at {
					t.Fatalf("%s: %s at %d is not in the data, or twice in the split", c.name, pair, at)
				}
				delete(all, pair)
			}
		}
		for pair := range ids(s, s.ValidationInput) {
			if _, ok := train[pair]; !ok {
				t.Fatalf("%s: the validation input %s is not in training", c.name, pair)
			}
		}
		for pair := range ids(s, s.TestInput) {
			if _, ok := test[pair]; ok {
				t.Fatalf("%s: the test input %s is a test target", c.name, pair)
			}
		}
		for name, x := range map[string][2]artifact.Interactions{"validation": {s.ValidationInput, s.ValidationTarget}, "test": {s.TestInput, s.TestTarget}} {
			a, b := artifact.NewRows(x[0]).User, artifact.NewRows(x[1]).User
			if fmt.Sprint(a) != fmt.Sprint(b) || len(a) == 0 {
				t.Fatalf("%s: %s inputs of %v, targets of %v", c.name, name, a, b)
			}
		}
		if shared, n := s.SharedUsers(); shared < n/2 || s.Users.Part != nil {
			t.Errorf("%s: %d of %d test users train; parts %v", c.name, shared, n, s.Users.Part)
		}
		later, known := s.FromFuture()
		switch {
		case strings.HasPrefix(c.name, "temporal") && !strings.Contains(c.name, "users"):
			if later != 0 || !known || strings.Contains(notes, "later") {
				t.Errorf("%s: %d training interactions from the future; %s", c.name, later, notes)
			}
		case c.timed:
			if want := fmt.Sprintf("%d of %d training interactions are later than the first test target", later, s.Train.Len()); later == 0 || !strings.Contains(notes, want) {
				t.Errorf("%s: the notes do not tell %q: %s", c.name, want, notes)
			}
		default:
			if !strings.Contains(notes, "the interactions have no times: a model may train on interactions that came after") {
				t.Errorf("%s: %s", c.name, notes)
			}
		}
		if f := c.kind.Facts(c.params, nil); f == nil || !f.SharedUsers {
			t.Errorf("%s: the facts %+v do not say that users are shared", c.name, f)
		}
	}
}

// Of each user, the targets are the latest.
func TestTargetsOfAUserAreTheLatest(t *testing.T) {
	for _, c := range splits {
		if !c.timed || c.name == "random" {
			continue
		}
		s, _, err := divided(t, c.kind, clicks(60, 20, true), c.params)
		if err != nil {
			t.Fatal(err)
		}
		last := map[int32]int64{}
		for i, u := range s.TestInput.User {
			last[u] = max(last[u], s.TestInput.Time[i])
		}
		for i, u := range s.TestTarget.User {
			if s.TestTarget.Time[i] < last[u] {
				t.Errorf("%s: user %d has a target at %d and an input at %d", c.name, u, s.TestTarget.Time[i], last[u])
			}
		}
	}
}

func TestSizesOfSplitsWithinUsers(t *testing.T) {
	in := clicks(60, 20, true)
	s, _, err := divided(t, LeaveOneOut(), in, &LeaveOneOutParams{By: "time"})
	if err != nil {
		t.Fatal(err)
	}
	if n := artifact.NewRows(s.TestTarget).Len(); n != s.TestTarget.Len() || n < 55 {
		t.Errorf("%d test targets of %d users", s.TestTarget.Len(), n)
	}
	share := func(x artifact.Interactions) float64 { return float64(x.Len()) / float64(in.Interactions.Len()) }
	for _, p := range []any{&RandomParams{Per: "all", Validation: 0.1, Test: 0.3, Seed: 1}, &RandomParams{Per: "user", Validation: 0.1, Test: 0.3, Seed: 1}} {
		if s, _, err = divided(t, Random(), in, p); err != nil || share(s.TestTarget) < 0.25 || share(s.TestTarget) > 0.33 {
			t.Errorf("%+v: %v, a share of %v", p, err, share(s.TestTarget))
		}
	}
	for n, want := range map[int][2]int{3: {1, 1}, 10: {1, 1}, 20: {2, 2}, 4: {1, 1}} {
		if v, x := shares(0.1, 0.1)(n); [2]int{v, x} != want {
			t.Errorf("%d interactions: %d and %d targets, want %v", n, v, x, want)
		}
	}
	for n := 3; n < 50; n++ {
		for _, of := range []float64{0.01, 0.3, 0.9} {
			if v, x := shares(0.9, of)(n); v < 1 || x < 1 || v+x >= n {
				t.Errorf("%d interactions, shares 0.9 and %v: %d and %d targets", n, of, v, x)
			}
		}
	}
}

func TestWhatASplitCannotDoIsTold(t *testing.T) {
	short := clicks(60, 20, true)
	short.Users.ID = append(short.Users.ID, "short")
	short.Interactions.User, short.Interactions.Item, short.Interactions.Time = append(short.Interactions.User, 60), append(short.Interactions.Item, 0), append(short.Interactions.Time, 5)
	_, notes, err := divided(t, LeaveOneOut(), short, &LeaveOneOutParams{By: "time"})
	if err != nil || !strings.Contains(notes, "2 of 61 users have fewer than 3 interactions: they are trained on and have no targets") {
		t.Errorf("%v %s", err, notes)
	}
	same := clicks(60, 20, true)
	for i := range same.Interactions.Time {
		same.Interactions.Time[i] = 9
	}
	if _, notes, err = divided(t, LeaveOneOut(), same, &LeaveOneOutParams{By: "time"}); err != nil || !strings.Contains(notes, "a target is at the same time as an interaction before it") {
		t.Errorf("%v %s", err, notes)
	}
	if _, _, err = divided(t, Temporal(), same, &TemporalParams{By: "global", Validation: 0.1, Test: 0.1}); err == nil || !strings.Contains(err.Error(), "the times do not divide the interactions") {
		t.Error(err)
	}
	rare := clicks(60, 20, true)
	rare.Items.ID = append(rare.Items.ID, "late")
	// the last pair of user 59 is on an item that nobody else has
	rare.Interactions.User, rare.Interactions.Item, rare.Interactions.Time = append(rare.Interactions.User, 59), append(rare.Interactions.Item, 20), append(rare.Interactions.Time, 2000)
	if _, notes, err = divided(t, LeaveOneOut(), rare, &LeaveOneOutParams{By: "time"}); err != nil || !strings.Contains(notes, "1 of 118 targets are dropped: their items are not in training") {
		t.Errorf("%v %s", err, notes)
	}
	for _, kind := range []pipeline.Kind{Temporal(), LeaveOneOut()} {
		if _, _, err = divided(t, kind, clicks(9, 9, false), kind.Params()); err == nil || !strings.Contains(err.Error(), "the interactions have no times; with load/csv") {
			t.Errorf("%s: %v", kind.Name, err)
		}
	}
}

func TestOutputsOfSplitsWithinUsersArePinned(t *testing.T) {
	want := map[string]string{
		"temporal": "0bea3b946f7e", "temporal at times": "0a2581ed6681", "temporal of users": "514f7102dbfe",
		"leave one out": "e5af76ca5b04", "leave any out": "dfdab004db29",
		"random": "fab654dd05b6", "random of all": "33ac7733403c",
	}
	for _, c := range splits {
		a := kindtest.MustRun(t, c.kind, c.params, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"interactions": written(t, clicks(60, 20, c.timed))}})
		if got := a.Digest().String()[:12]; got != want[c.name] {
			t.Errorf("%s: the digest is %s, not %s: raise the version of %s", c.name, got, want[c.name], c.kind.Name)
		}
	}
}
