package filter

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/pipeline"
)

// dataset makes a dataset of rows such as "a: x y", with a user's age 10 times
// their row.
func dataset(items string, users ...string) *artifact.Dataset {
	d := &artifact.Dataset{Items: artifact.Items{ID: strings.Fields(items)}}
	age := artifact.Attribute{Name: "age"}
	for u, line := range users {
		id, has, _ := strings.Cut(line, ":")
		d.Users.ID = append(d.Users.ID, id)
		age.Number = append(age.Number, float32(10*u))
		for i, item := range d.Items.ID {
			if strings.Contains(has, item) {
				d.Interactions.User = append(d.Interactions.User, int32(u))
				d.Interactions.Item = append(d.Interactions.Item, int32(i))
			}
		}
	}
	d.Users.Attributes = []artifact.Attribute{age}
	return d
}

// written is the dataset as an artifact.
func written(t testing.TB, d *artifact.Dataset) pipeline.Artifact {
	t.Helper()
	return kindtest.Written(t, d.Write)
}

func filtered(t testing.TB, in *artifact.Dataset, p *KCoreParams) (*artifact.Dataset, pipeline.Artifact, error) {
	t.Helper()
	cell := &pipeline.Cell{OutDir: t.TempDir(), Inputs: map[string]pipeline.Artifact{"interactions": written(t, in)}}
	if err := KCore().Run(t.Context(), cell, p); err != nil {
		return nil, pipeline.Artifact{}, err
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		t.Fatal(err)
	}
	out, err := artifact.ReadDataset(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	return out, a, nil
}

func TestRoundsGoOnUntilNothingChanges(t *testing.T) {
	// d goes for its one item; then z has one user left and goes; then c.
	in := dataset("w x y z", "a: x y", "b: x y", "c: y z", "d: z", "e: x y")
	got, _, err := filtered(t, in, &KCoreParams{Users: 2, Items: 2})
	if err != nil {
		t.Fatal(err)
	}
	want := &artifact.Dataset{
		Interactions: artifact.Interactions{User: []int32{0, 0, 1, 1, 2, 2}, Item: []int32{0, 1, 0, 1, 0, 1}},
		Users:        artifact.Users{ID: []string{"a", "b", "e"}, Attributes: []artifact.Attribute{{Name: "age", Number: []float32{0, 10, 40}}}},
		Items:        artifact.Items{ID: []string{"x", "y"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// Were items dropped first and users counted on what is left, b would go in
// the first round and everything with it.
func TestBothSidesAreCountedAtTheStartOfARound(t *testing.T) {
	var logged strings.Builder
	in := dataset("x y z", "a: x y", "b: x y", "c: x y z")
	if _, err := kCore(t.Context(), in, &KCoreParams{Users: 2, Items: 3}, func(f string, args ...any) {
		logged.WriteString(strconv.Itoa(args[1].(int)) + " ")
	}); err != nil {
		t.Fatal(err)
	}
	if logged.String() != "6 6 " {
		t.Errorf("pairs left after each round: %s", logged.String())
	}
}

func TestNothingLeftIsAnError(t *testing.T) {
	_, _, err := filtered(t, dataset("x y", "a: x", "b: y"), &KCoreParams{Users: 5, Items: 5})
	if want := "none of 2 interactions remain after round 1: there is no core of users with 5 and items with 5 interactions; lower users or items"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestDamagedInputIsNamed(t *testing.T) {
	dir := t.TempDir()
	d := dataset("x", "a: x")
	if err := d.Write((&pipeline.Cell{OutDir: dir}).Create); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, artifact.ItemsFile), []byte("hello"), 0o666); err != nil {
		t.Fatal(err)
	}
	a, err := pipeline.DirArtifact(dir)
	if err != nil {
		t.Fatal(err)
	}
	cell := &pipeline.Cell{OutDir: t.TempDir(), Inputs: map[string]pipeline.Artifact{"interactions": a}}
	if err := KCore().Run(t.Context(), cell, KCore().Params()); err == nil || !strings.Contains(err.Error(), "items.arrow: not a valid Arrow file") {
		t.Error(err)
	}
	if left, _ := os.ReadDir(cell.OutDir); len(left) != 0 {
		t.Errorf("half-written: %v", left)
	}
}

// Output changed and Version not raised: raise it, and only then change the
// digest here.
func TestKCoreIsPinned(t *testing.T) {
	in := dataset("w x y z", "a: x y", "b: x y", "c: y z", "d: z", "e: x y")
	_, first, err := filtered(t, in, &KCoreParams{Users: 2, Items: 2})
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := filtered(t, in, &KCoreParams{Users: 2, Items: 2})
	if err != nil || first.Digest() != second.Digest() {
		t.Errorf("two runs differ (%v)", err)
	}
	if got, want := strconv.Itoa(KCore().Version)+" "+first.Digest().Short(), "1 2e954d3dc268"; got != want {
		t.Errorf("version and digest are %s, were %s", got, want)
	}
	_, third, err := filtered(t, in, &KCoreParams{Users: 1, Items: 1})
	if err != nil || third.Digest() == first.Digest() {
		t.Errorf("other parameters have the same output (%v)", err)
	}
}

func TestCancelledFilterStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := kCore(ctx, dataset("x", "a: x"), &KCoreParams{Users: 1, Items: 1}, t.Logf); err != context.Canceled {
		t.Error(err)
	}
}
