package filter

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/pipeline"
	"foil/spec"
)

// withAttributes has a user without a gender (b), one without an age (c), one
// with neither (d); only d has z.
func withAttributes() *artifact.Dataset {
	d := dataset("x y z", "a: x y", "b: x", "c: y", "d: z")
	nan := float32(math.NaN())
	d.Users.Attributes = []artifact.Attribute{
		{Name: "gender", Category: []string{"f", "", "m", ""}},
		{Name: "age", Number: []float32{0, 30, nan, nan}},
	}
	return d
}

func runKnown(t testing.TB, in *artifact.Dataset, names ...string) (*artifact.Dataset, pipeline.Artifact, error) {
	t.Helper()
	out, err := kindtest.Run(t, KnownAttributes(), &KnownAttributesParams{Attributes: names}, &pipeline.Cell{
		Inputs: map[string]pipeline.Artifact{"interactions": written(t, in)},
	})
	if err != nil {
		return nil, out, err
	}
	d, err := artifact.ReadDataset(out.Path)
	if err != nil {
		t.Fatal(err)
	}
	return d, out, nil
}

func TestUsersWithoutAnAttributeAreDropped(t *testing.T) {
	for _, c := range []struct{ attributes, users, items string }{
		{"gender", "a c", "x y"},
		{"age", "a b", "x y"},
		{"gender age", "a", "x y"},
		{"age gender", "a", "x y"},
	} {
		got, _, err := runKnown(t, withAttributes(), strings.Fields(c.attributes)...)
		if err != nil {
			t.Errorf("%s: %v", c.attributes, err)
			continue
		}
		if users, items := strings.Join(got.Users.ID, " "), strings.Join(got.Items.ID, " "); users != c.users || items != c.items {
			t.Errorf("%s: users %s, items %s; want %s and %s", c.attributes, users, items, c.users, c.items)
		}
	}
}

func TestKnownUsersKeepWhatTheyHave(t *testing.T) {
	got, _, err := runKnown(t, withAttributes(), "gender")
	if err != nil {
		t.Fatal(err)
	}
	age, err := got.Users.Attribute("age")
	if err != nil || age.Number[0] != 0 || !math.IsNaN(float64(age.Number[1])) {
		t.Errorf("ages %v, %v", age, err)
	}
	if want := (artifact.Interactions{User: []int32{0, 0, 1}, Item: []int32{0, 1, 1}}); !reflect.DeepEqual(got.Interactions, want) {
		t.Errorf("pairs %+v, want %+v", got.Interactions, want)
	}
}

// Dropped users do not count for the filter behind: with b, x has three
// users and stays.
func TestKCoreCountsTheUsersThatAreLeft(t *testing.T) {
	in := dataset("x y", "a: x y", "b: x", "c: x y")
	in.Users.Attributes[0].Number[1] = float32(math.NaN())
	known, _, err := runKnown(t, in, "age")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := filtered(t, known, &KCoreParams{Users: 1, Items: 3}); err == nil || !strings.Contains(err.Error(), "none of 4 interactions remain") {
		t.Errorf("an item with two known users passed a filter for three: %v", err)
	}
	if _, _, err := filtered(t, in, &KCoreParams{Users: 1, Items: 3}); err != nil {
		t.Errorf("without the first filter: %v", err)
	}
}

func TestUnusableAttributesAreErrors(t *testing.T) {
	nobody := withAttributes()
	nobody.Users.Attributes[0].Category = make([]string, 4)
	for name, c := range map[string]struct {
		in   *artifact.Dataset
		want string
	}{
		"not there":       {dataset("x", "a: x"), `the users have no attribute "gender"; they have "age"`},
		"known of nobody": {nobody, "no users remain: each of the 4 users lacks one of gender; name fewer attributes"},
	} {
		if _, _, err := runKnown(t, c.in, "gender"); err == nil || err.Error() != c.want {
			t.Errorf("%s: error is %v, wants %s", name, err, c.want)
		}
	}
}

func TestAnAttributeNamedTwiceIsReported(t *testing.T) {
	var got string
	p := &KnownAttributesParams{Attributes: []string{"age", "age"}}
	knownAttributesParams.Check(p, spec.ReportTo(func(path, _ string) { got = path }))
	if got != "attributes[1]" {
		t.Errorf("reported %q", got)
	}
}

// Output changed and Version not raised: raise it, and only then change the
// digest here.
func TestKnownAttributesIsPinned(t *testing.T) {
	_, a, err := runKnown(t, withAttributes(), "gender")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strconv.Itoa(KnownAttributes().Version)+" "+a.Digest().Short(), "1 1ef0b28158b2"; got != want {
		t.Errorf("version and digest are %s, were %s", got, want)
	}
	_, b, err := runKnown(t, withAttributes(), "age")
	if err != nil || a.Digest() == b.Digest() {
		t.Errorf("another attribute has the same output (%v)", err)
	}
}
