package split

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/internal/testenv"
	"foil/pipeline"
	"foil/spec"
	"foil/stages/filter"
	"foil/stages/load"
)

// made runs a kind by hand and returns what it made.
func made(t testing.TB, kind pipeline.Kind, params any, cell *pipeline.Cell) (pipeline.Artifact, error) {
	t.Helper()
	cell.OutDir = t.TempDir()
	if err := kind.Run(t.Context(), cell, params); err != nil {
		return pipeline.Artifact{}, err
	}
	return pipeline.DirArtifact(cell.OutDir)
}

// written makes an artifact of a dataset.
func written(t testing.TB, d *artifact.Dataset) pipeline.Artifact {
	t.Helper()
	return kindtest.Written(t, d.Write)
}

// tiny has 12 users who share 6 items; user u has the items u%6 to u%6+3, and
// user 0 alone has a seventh.
func tiny() *artifact.Dataset {
	d := &artifact.Dataset{}
	gender := artifact.Attribute{Name: "gender"}
	for u := range 12 {
		d.Users.ID = append(d.Users.ID, fmt.Sprint("u", u))
		gender.Category = append(gender.Category, []string{"f", "m"}[u%2])
		for i := range 7 {
			if (i-u%6+6)%6 < 4 && i < 6 || i == 6 && u == 0 {
				d.Interactions.User = append(d.Interactions.User, int32(u))
				d.Interactions.Item = append(d.Interactions.Item, int32(i))
			}
		}
	}
	for i := range 7 {
		d.Items.ID = append(d.Items.ID, fmt.Sprint("i", i))
	}
	d.Users.Attributes = []artifact.Attribute{gender}
	return d
}

func tinySplit(t testing.TB, in *artifact.Dataset, p *UserKFoldParams) (*artifact.Split, pipeline.Artifact, error) {
	t.Helper()
	a, err := made(t, UserKFold(), p, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"interactions": written(t, in)}})
	if err != nil {
		return nil, a, err
	}
	s, err := artifact.ReadSplit(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	return s, a, nil
}

// Output changed and Version not raised: raise it, and only then change the
// digest here.
func TestUserKFoldIsPinned(t *testing.T) {
	kind := UserKFold()
	p := userKFoldParams.New()
	_, first, err := tinySplit(t, tiny(), p)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := tinySplit(t, tiny(), p)
	if err != nil || first.Digest() != second.Digest() {
		t.Errorf("two runs differ (%v)", err)
	}
	if got, want := fmt.Sprint(kind.Version, " ", first.Digest().Short()), "1 5aa253cdb05d"; got != want {
		t.Errorf("version and digest are %s, were %s", got, want)
	}
	other := *p
	other.Fold = 1
	if _, third, err := tinySplit(t, tiny(), &other); err != nil || third.Digest() == first.Digest() {
		t.Errorf("another fold has the same output (%v)", err)
	}
}

func TestPartsShareNoUserAndEveryPairIsSomewhere(t *testing.T) {
	in := tiny()
	for folds := 3; folds <= 6; folds++ {
		tested := map[string]int{}
		for fold := range folds {
			s, _, err := tinySplit(t, in, &UserKFoldParams{Folds: folds, Fold: fold, HoldOut: 0.5, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range s.Parts() {
				want := []string{artifact.Train, artifact.Validation, artifact.Validation, artifact.Test, artifact.Test}[i]
				for _, u := range x.User {
					if s.Users.Part[u] != want {
						t.Fatalf("%d folds, fold %d: user %s of part %s has pairs in table %d", folds, fold, s.Users.ID[u], s.Users.Part[u], i)
					}
				}
			}
			for u, part := range s.Users.Part {
				if part == artifact.Test {
					tested[s.Users.ID[u]]++
				}
				if number := strings.TrimPrefix(s.Users.ID[u], "u"); s.Users.Attributes[0].Category[u] != map[bool]string{true: "f", false: "m"}[strings.ContainsAny(number[len(number)-1:], "02468")] {
					t.Errorf("user %s got another one's gender", s.Users.ID[u])
				}
			}
		}
		for id, n := range tested {
			if n != 1 {
				t.Errorf("%d folds: %s is tested %d times", folds, id, n)
			}
		}
	}
}

func TestItemsWithoutTrainingUserAreDropped(t *testing.T) {
	for fold := range 5 {
		s, _, err := tinySplit(t, tiny(), &UserKFoldParams{Folds: 5, Fold: fold, HoldOut: 0.5, Seed: 42})
		if err != nil {
			t.Fatal(err)
		}
		inTraining := map[int32]bool{}
		for _, i := range s.Train.Item {
			inTraining[i] = true
		}
		if len(inTraining) != s.Items.Len() {
			t.Errorf("fold %d: %d items, %d of them in training", fold, s.Items.Len(), len(inTraining))
		}
	}
}

func TestHeldOutUsersHaveInputAndTarget(t *testing.T) {
	before := tiny()
	for fold := range 5 {
		s, _, err := tinySplit(t, before, &UserKFoldParams{Folds: 5, Fold: fold, HoldOut: 0.7, Seed: 42})
		if err != nil {
			t.Fatal(err)
		}
		users := func(x artifact.Interactions) []int32 { return artifact.NewRows(x).User }
		if !reflect.DeepEqual(users(s.ValidationInput), users(s.ValidationTarget)) || !reflect.DeepEqual(users(s.TestInput), users(s.TestTarget)) {
			t.Errorf("fold %d: a held-out user has input or target alone", fold)
		}
		if n := len(users(s.Train)) + len(users(s.ValidationInput)) + len(users(s.TestInput)); n != s.Users.Len() {
			t.Errorf("fold %d: %d users stand in the table, %d have pairs", fold, s.Users.Len(), n)
		}
	}
}

func TestTooSmallDataIsRefused(t *testing.T) {
	two := &artifact.Dataset{
		Interactions: artifact.Interactions{User: []int32{0, 1}, Item: []int32{0, 0}},
		Users:        artifact.Users{ID: []string{"a", "b"}}, Items: artifact.Items{ID: []string{"x"}},
	}
	three := &artifact.Dataset{
		Interactions: artifact.Interactions{User: []int32{0, 1, 2}, Item: []int32{0, 0, 0}},
		Users:        artifact.Users{ID: []string{"a", "b", "c"}}, Items: artifact.Items{ID: []string{"x"}},
	}
	for _, c := range []struct {
		in   *artifact.Dataset
		want string
	}{
		{two, "2 users cannot be divided into 3 folds"},
		{three, "the validation part of fold 0 is empty"},
	} {
		_, _, err := tinySplit(t, c.in, &UserKFoldParams{Folds: 3, HoldOut: 0.8, Seed: 42})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, wants %s", err, c.want)
		}
	}
}

func TestFoldOutsideTheFoldsIsReported(t *testing.T) {
	var got []string
	p := &UserKFoldParams{Folds: 5, Fold: 5}
	userKFoldParams.Check(p, spec.ReportTo(func(path, message string) { got = append(got, path+": "+message) }))
	if want := []string{"fold: 5 does not exist with 5 folds; use 0 to 4"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestCancelledSplitStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cell := &pipeline.Cell{OutDir: t.TempDir(), Inputs: map[string]pipeline.Artifact{"interactions": written(t, tiny())}}
	if err := UserKFold().Run(ctx, cell, userKFoldParams.New()); err != context.Canceled {
		t.Error(err)
	}
}

// The fold table of the protocol page, on the real data.
func TestMovieLensFoldsAreThePublishedOnes(t *testing.T) {
	env := &pipeline.Env{DataDir: filepath.Join(testenv.DataDir(t, "ml-1m.zip"), "ml-1m.zip")}
	loader := load.MovieLens1M()
	sources, err := loader.Sources(t.Context(), env, loader.Params())
	if err != nil {
		t.Fatal(err)
	}
	ratings, err := made(t, loader, loader.Params(), &pipeline.Cell{Sources: sources, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	core, err := made(t, filter.KCore(), filter.KCore().Params(), &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"interactions": ratings}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := artifact.ReadDataset(core.Path)
	if err != nil {
		t.Fatal(err)
	}
	if got := [3]int{d.Users.Len(), d.Items.Len(), d.Interactions.Len()}; got != [3]int{6034, 3125, 574376} {
		t.Errorf("users, items, pairs after the filter: %v", got)
	}

	// train users, m, f, items, train pairs, then users, input and target pairs
	// of validation and of test.
	for fold, want := range [][11]int{
		{3621, 2581, 1040, 3124, 347555, 1197, 23403, 93499, 1191, 21959, 87622},
		{3621, 2569, 1052, 3124, 353103, 1193, 21959, 87655, 1195, 22294, 89014},
		{3620, 2617, 1003, 3124, 343895, 1193, 22294, 88994, 1198, 23800, 95075},
		{3620, 2614, 1006, 3123, 338295, 1199, 23800, 95099, 1196, 23413, 93511},
		{3620, 2597, 1023, 3124, 340280, 1195, 23414, 93516, 1197, 23403, 93491},
	} {
		p := userKFoldParams.New()
		p.Fold = fold
		a, err := made(t, UserKFold(), p, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"interactions": core}})
		if err != nil {
			t.Fatal(err)
		}
		s, err := artifact.ReadSplit(a.Path)
		if err != nil {
			t.Fatal(err)
		}
		gender, err := s.Users.Attribute("gender")
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for u, part := range s.Users.Part {
			n[part]++
			n[part+gender.Category[u]]++
		}
		got := [11]int{n[artifact.Train], n["trainm"], n["trainf"], s.Items.Len(), s.Train.Len(),
			n[artifact.Validation], s.ValidationInput.Len(), s.ValidationTarget.Len(),
			n[artifact.Test], s.TestInput.Len(), s.TestTarget.Len()}
		if got != want {
			t.Errorf("fold %d:\n got %v\nwant %v", fold, got, want)
		}
	}
}
