package attack

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/latents"
	"foil/internal/kindtest"
	"foil/internal/kindtest/trained"
	"foil/internal/safetensors"
	"foil/pipeline"
	"foil/stages/encode"
	"foil/stages/recommend"
)

// listInputs is a split of 900 users and 60 items. Women use items below 30 more often, and older
// users even items. Test and validation users have a part of their items as input.
func listInputs(t *testing.T) pipeline.Artifact {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	s := artifact.Split{}
	gender, age, region := artifact.Attribute{Name: "gender"}, artifact.Attribute{Name: "age"}, artifact.Attribute{Name: "region"}
	for i := range 60 {
		s.Items.ID = append(s.Items.ID, strconv.Itoa(i))
	}
	for u := range 900 {
		part := []string{artifact.Train, artifact.Validation, artifact.Test}[[]int{0, 0, 0, 1, 2}[u%5]]
		s.Users.ID, s.Users.Part = append(s.Users.ID, strconv.Itoa(u)), append(s.Users.Part, part)
		g, a := r.IntN(2), r.Float64()
		gender.Category = append(gender.Category, []string{"f", "m"}[g])
		age.Number = append(age.Number, float32(20+60*a))
		region.Category = append(region.Category, []string{"north", "south"}[r.IntN(2)])
		var items []int32
		for i := range 60 {
			p := 0.1
			if (i < 30) == (g == 0) {
				p += 0.3
			}
			if (i%2 == 0) == (a > 0.5) {
				p += 0.3
			}
			if r.Float64() < p {
				items = append(items, int32(i))
			}
		}
		if len(items) < 2 {
			items = []int32{0, 1}
		}
		for n, item := range items {
			var x *artifact.Interactions
			switch input := n%2 == 0; {
			case part == artifact.Train:
				x = &s.Train
			case part == artifact.Validation && input:
				x = &s.ValidationInput
			case part == artifact.Validation:
				x = &s.ValidationTarget
			case input:
				x = &s.TestInput
			default:
				x = &s.TestTarget
			}
			x.User, x.Item = append(x.User, int32(u)), append(x.Item, item)
		}
	}
	s.Users.Attributes = []artifact.Attribute{gender, age, region}
	return kindtest.Written(t, s.Write)
}

// neighbours recommends the items that are often used together with those of the user.
type neighbours struct{ together [][]float32 }

func (n neighbours) Scores(_ context.Context, users [][]int32, into []float32) error {
	items := len(n.together)
	clear(into[:len(users)*items])
	for u, used := range users {
		for _, item := range used {
			for i, v := range n.together[item] {
				into[u*items+i] += v
			}
		}
	}
	return nil
}

// neighbourKind opens a recommender that reads the training users of its split.
func neighbourKind(data pipeline.Artifact) pipeline.Kind {
	return pipeline.Kind{Name: "recommend/neighbours", Version: 1, Open: func(context.Context, *pipeline.Cell, pipeline.Artifact, string) (any, error) {
		split, err := artifact.ReadSplit(data.Path)
		if err != nil {
			return nil, err
		}
		n := neighbours{make([][]float32, split.Items.Len())}
		for i := range n.together {
			n.together[i] = make([]float32, split.Items.Len())
		}
		rows := artifact.NewRows(split.Train)
		for u := range rows.Len() {
			for _, a := range rows.Items(u) {
				for _, b := range rows.Items(u) {
					n.together[a][b] += 1 / float32(rows.Len())
				}
			}
		}
		// What everybody uses says nothing.
		for i := range n.together {
			mean := float32(0)
			for _, v := range n.together[i] {
				mean += v / float32(len(n.together))
			}
			for j := range n.together[i] {
				n.together[i][j] -= mean
			}
		}
		return n, nil
	}}
}

func neighbourModel(t *testing.T, data pipeline.Artifact) pipeline.Artifact {
	t.Helper()
	return kindtest.Written(t, func(create artifact.CreateFunc) error {
		return checkpoints.Write(create, checkpoints.Result{
			Training: checkpoints.Training{KindVersion: pipeline.KindVersion{Kind: "recommend/neighbours", Version: 1}, Data: data.Digest()},
			Last:     checkpoints.Weights{checkpoints.Model: {{Name: "w", Shape: []int{1}, F32: []float32{1}}}},
		})
	})
}

func listParams(names ...string) *ListFamilyParams {
	p := listFamilyParams.New()
	p.FamilyParams = *familyParams(names...)
	p.Trees.Rounds, p.Network.Epochs = 20, 15
	return p
}

func TestListsTellWhatTheRecommenderHasRead(t *testing.T) {
	data := listInputs(t)
	p := listParams("gender", "age", "region")
	p.Splits = []string{"validation", "test"}
	a := kindtest.MustRun(t, ListFamily(), p, &pipeline.Cell{Seed: 3, Kind: kindtest.Kinds(neighbourKind(data)),
		Inputs: map[string]pipeline.Artifact{"model": neighbourModel(t, data), "data": data}})
	v := familyValues(t, a, "test")
	for name, bounds := range map[string][2]float64{
		"gender bacc": {0.8, 1}, "gender auc": {0.85, 1}, "gender/linear bacc": {0.8, 1}, "gender/trees bacc": {0.75, 1}, "gender/network bacc": {0.8, 1},
		"gender shuffled_bacc": {0.3, 0.7}, "region bacc": {0.4, 0.6}, "age mae": {0.05, 0.8 * v["age mae_median"]},
	} {
		if got, ok := v[name]; !ok || got < bounds[0] || got > bounds[1] {
			t.Errorf("%s is %.3f (%v), want %g to %g", name, got, ok, bounds[0], bounds[1])
		}
	}
	bits := familyValues(t, a, "train")
	if ratio := bits["gender bits"] / bits["gender bits_frequencies"]; ratio > 0.8 {
		t.Errorf("the code of gender takes %.2f of the bits of its frequencies", ratio)
	}
	if o := kindtest.Outcomes(t, a); len(o.Units) != 360 {
		t.Errorf("outcomes of %d users, want 180 of each split", len(o.Units))
	}
	if a.Has(artifact.NotesFile) {
		t.Error("without match_lengths there is a note")
	}
}

// The lists of a recommender that gives everybody the same differ by what users have used already.
func TestListsOfPopularItems(t *testing.T) {
	data := listInputs(t)
	model := kindtest.MustRun(t, recommend.Popularity(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"data": data}})
	p := listParams("region")
	p.K, p.MatchLengths = 5, true
	a := kindtest.MustRun(t, ListFamily(), p, &pipeline.Cell{Seed: 3, Kind: kindtest.Kinds(recommend.Popularity()),
		Inputs: map[string]pipeline.Artifact{"model": model, "data": data}})
	if v := familyValues(t, a, "test"); math.Abs(v["region bacc"]-0.5) > 0.1 {
		t.Errorf("BAcc of an attribute that no item depends on is %.3f", v["region bacc"])
	}
	notes, err := artifact.ReadNotes(a.Path)
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "5") {
		t.Errorf("notes %q (%v), want one with the share", notes, err)
	}
}

// listed are the columns of a view that are 1 for a user.
func listed(v *view, part string, user int) (columns []int) {
	for c, x := range v.of[part].Z[user*v.width : (user+1)*v.width] {
		if x == 1 {
			columns = append(columns, c)
		}
	}
	return columns
}

func TestListsAreTheTopItemsThatAreNew(t *testing.T) {
	data := listInputs(t)
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	model := kindtest.MustRun(t, recommend.Popularity(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"data": data}})
	count := make([]int, 60)
	for _, item := range split.Train.Item {
		count[item]++
	}
	for _, match := range []bool{false, true} {
		p := listParams()
		p.K, p.MinUsers, p.MatchLengths = 7, 1, match
		cell := &pipeline.Cell{Seed: 9, Kind: kindtest.Kinds(recommend.Popularity()), Inputs: map[string]pipeline.Artifact{"model": model, "data": data}}
		v, err := listView(t.Context(), cell, p, split, checkpoints.Best)
		if err != nil {
			t.Fatal(err)
		}
		train := split.Train
		if match {
			if train, _, err = encode.MatchLengths(split, 9); err != nil {
				t.Fatal(err)
			}
		}
		lists := map[string][][]int32{}
		for part, x := range map[string]artifact.Interactions{artifact.Train: train, artifact.Validation: split.ValidationInput, artifact.Test: split.TestInput} {
			rows := artifact.NewRows(x)
			for u := range rows.Len() {
				var list []int32
				for len(list) < 7 {
					best := int32(-1)
					for i := range int32(60) {
						if !slices.Contains(list, i) && !slices.Contains(rows.Items(u), i) && (best < 0 || count[i] > count[best]) {
							best = i
						}
					}
					list = append(list, best)
				}
				slices.Sort(list)
				lists[part] = append(lists[part], list)
			}
		}
		column := map[int32]int{}
		for item := range int32(60) {
			if slices.ContainsFunc(lists[artifact.Train], func(list []int32) bool { return slices.Contains(list, item) }) {
				column[item] = len(column)
			}
		}
		if len(column) != v.width {
			t.Errorf("match %v: %d columns, want %d", match, v.width, len(column))
		}
		for part, all := range lists {
			for u, list := range all {
				var want []int
				for _, item := range list {
					if c, ok := column[item]; ok {
						want = append(want, c)
					}
				}
				if got := listed(v, part, u); !slices.Equal(got, want) {
					t.Fatalf("match %v, %s user %d: columns %v, want %v", match, part, u, got, want)
				}
			}
		}
	}
}

func TestRareItemsAreNotSeen(t *testing.T) {
	column, width := listColumns([][]int32{{0, 1}, {1, 4}, {1, 4}}, 5, 2)
	if want := []int{-1, 0, -1, -1, 1}; !slices.Equal(column, want) || width != 2 {
		t.Errorf("columns %v of %d, want %v of 2", column, width, want)
	}
}

// Vectors of the model itself change nothing, and erased ones do.
func TestListsOfLatentVectors(t *testing.T) {
	data := kindtest.Split(t)
	model := trained.Model(t, data, 0)
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	see := func(match bool, l *pipeline.Artifact) (*view, error) {
		p := listParams()
		p.K, p.MinUsers, p.MatchLengths = 4, 1, match
		in := map[string]pipeline.Artifact{"model": model, "data": data}
		if l != nil {
			in["latents"] = *l
		}
		return listView(t.Context(), &pipeline.Cell{Seed: 5, Backend: "go", Kind: trained.Kinds, Inputs: in}, p, split, checkpoints.Last)
	}
	must := func(v *view, err error) *view {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	whole, matched := trained.Latents(t, model, data), trained.MatchedLatents(t, model, data)
	for match, l := range map[bool]pipeline.Artifact{false: whole, true: matched} {
		own, given := must(see(match, nil)), must(see(match, &l))
		for _, part := range []string{artifact.Train, artifact.Validation, artifact.Test} {
			if !slices.Equal(own.of[part].Z, given.of[part].Z) || !slices.Equal(own.of[part].User, given.of[part].User) {
				t.Errorf("match %v: the lists of %s users change with the input latents", match, part)
			}
		}
		if _, err := see(!match, &l); err == nil || !strings.Contains(err.Error(), "give both stages the same value") {
			t.Errorf("match_lengths %v for latent vectors with %v: error %v", !match, match, err)
		}
	}
	l, err := latents.Open(whole, data, checkpoints.Last)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{artifact.Train, artifact.Validation, artifact.Test} {
		clear(l.Of(part).Z)
	}
	erased := kindtest.Written(t, func(create artifact.CreateFunc) error {
		return latents.Write(create, l.Config, map[string]*latents.Latents{checkpoints.Best: l, checkpoints.Last: l})
	})
	if slices.Equal(must(see(false, &erased)).of[artifact.Test].Z, must(see(false, nil)).of[artifact.Test].Z) {
		t.Error("erased vectors change no list")
	}
}

func TestListFamilyNamesWhatIsWrong(t *testing.T) {
	data := listInputs(t)
	weights := make([]float32, 60)
	weights[7] = float32(math.NaN())
	diverged := kindtest.Written(t, func(create artifact.CreateFunc) error {
		return checkpoints.Write(create, checkpoints.Result{
			Training: checkpoints.Training{KindVersion: pipeline.KindVersion{Kind: "recommend/popularity", Version: 1}, Data: data.Digest()},
			Config:   map[string]int{"items": 60},
			Last:     checkpoints.Weights{checkpoints.Model: []safetensors.Tensor{{Name: "users", Shape: []int{60}, F32: weights}}},
		})
	})
	for _, c := range []struct {
		name  string
		model pipeline.Artifact
		set   func(*ListFamilyParams)
		want  string
	}{
		{"a list of more items than there are", neighbourModel(t, data), func(p *ListFamilyParams) { p.K = 61 }, "61"},
		{"items in too few lists", neighbourModel(t, data), func(p *ListFamilyParams) { p.MinUsers = 600 }, "lower min_users"},
		{"scores that are no numbers", diverged, func(*ListFamilyParams) {}, "diverged"},
		{"an attribute that is not there", neighbourModel(t, data), func(p *ListFamilyParams) { p.Attributes[0].Attribute = "shoe" }, "shoe"},
	} {
		p := listParams("gender")
		c.set(p)
		_, err := kindtest.Run(t, ListFamily(), p, &pipeline.Cell{Kind: kindtest.Kinds(neighbourKind(data), recommend.Popularity()),
			Inputs: map[string]pipeline.Artifact{"model": c.model, "data": data}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// listGolden are some scores of the tiny split. When they change, raise the kind's Version.
var listGolden = map[string]float64{
	"age bits": 128.939, "age mae": 0.0834148, "age mae_median": 0.125, "age shuffled_mae": 0.149588,
	"age/linear mae": 0.11236, "age/trees mae": 0.123062, "age/trees shuffled_mae": 0.136417,
	"gender auc": 0.942857, "gender bacc": 0.857143, "gender bits": 36.1682, "gender bits_frequencies": 37.3412, "gender shuffled_bacc": 0.628571,
	"gender/linear auc": 1, "gender/linear bacc": 0.785714, "gender/network bacc": 0.785714, "gender/trees chosen": 1,
}

func TestTinyListFamilyIsPinned(t *testing.T) {
	data := kindtest.Split(t)
	p := listParams("gender", "age")
	p.Checkpoints, p.K, p.MinUsers, p.Trees.MinLeaf, p.Network.Epochs = []string{"best"}, 5, 3, 3, 10
	a := kindtest.MustRun(t, ListFamily(), p, &pipeline.Cell{Seed: 3, Kind: trained.Kinds,
		Inputs: map[string]pipeline.Artifact{"model": trained.Model(t, data, 0), "data": data}})
	got := familyValues(t, a, "test")
	for name, v := range familyValues(t, a, "train") {
		got[name] = v
	}
	for name, want := range listGolden {
		if v, ok := got[name]; !ok || math.Abs(v-want) > 1e-4*math.Abs(want) {
			t.Errorf("%q: %.6g, want %.6g; has Version been raised?", name, v, want)
		}
	}
}
