package evaluate

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/attacks"
	"foil/internal/digest"
	"foil/internal/kindtest"
	"foil/pipeline"
)

// on is the attack of most tests: its epsilon, classifier and images.
var on = attacks.Attack{Epsilon: 0.031, Model: digest.Of([]byte("model")), Data: digest.Of([]byte("data"))}

// attacked writes an artifact with outcomes at the last checkpoint: for each image its label, the
// predictions before and after the attack, and the loss.
func attacked(t *testing.T, on attacks.Attack, images ...[4]int32) pipeline.Artifact {
	t.Helper()
	r := attacks.Result{Attack: on}
	var outcomes []attacks.Outcome
	for i, v := range images {
		outcomes = append(outcomes, attacks.Outcome{
			Checkpoint: "last", Image: int32(i), Label: v[0], Clean: v[1], Attacked: v[2], Loss: float64(v[3]),
		})
	}
	if err := r.Add(outcomes); err != nil {
		t.Fatal(err)
	}
	return kindtest.Written(t, func(create artifact.CreateFunc) error { return attacks.Write(create, r) })
}

// attackedAt writes an artifact with the given number of outcomes at each checkpoint. All images
// are classified correctly.
func attackedAt(t *testing.T, images map[string]int) pipeline.Artifact {
	t.Helper()
	r := attacks.Result{Attack: on}
	for _, checkpoint := range slices.Sorted(maps.Keys(images)) {
		var outcomes []attacks.Outcome
		for i := range images[checkpoint] {
			outcomes = append(outcomes, attacks.Outcome{Checkpoint: checkpoint, Image: int32(i)})
		}
		if err := r.Add(outcomes); err != nil {
			t.Fatal(err)
		}
	}
	return kindtest.Written(t, func(create artifact.CreateFunc) error { return attacks.Write(create, r) })
}

func TestSuccessIsMissingIfNoImageWasRight(t *testing.T) {
	a := kindtest.MustRun(t, Strongest(), nil, &pipeline.Cell{
		Inputs: map[string]pipeline.Artifact{"one": attacked(t, on, [4]int32{0, 1, 1, 1}, [4]int32{1, 2, 1, 5})},
	})
	for _, m := range kindtest.Metrics(t, a) {
		if m.Name == "success" {
			t.Errorf("success is %v", m.Value)
		}
	}
}

func TestAnImageStandsIfItStandsAllAttacks(t *testing.T) {
	var notes []string
	a := kindtest.MustRun(t, Strongest(), nil, &pipeline.Cell{
		Inputs: map[string]pipeline.Artifact{
			"one": attacked(t, on, [4]int32{0, 0, 0, 1}, [4]int32{1, 1, 2, 1}, [4]int32{2, 1, 1, 1}, [4]int32{1, 1, 1, 9}, [4]int32{3, 3, 1, 2}, [4]int32{0, 0, 1, 1}),
			"two": attacked(t, on, [4]int32{0, 0, 0, 2}, [4]int32{1, 1, 1, 5}, [4]int32{2, 1, 2, 2}, [4]int32{1, 1, 0, 1}, [4]int32{3, 3, 2, 3}), // run on fewer images
		},
		OnNote: func(text string) { notes = append(notes, text) },
	})
	want := map[string]float64{
		"accuracy": 0.2, "accuracy_clean": 0.8, "success": 0.75, "images": 5,
		"falls one": 0.4, "breaks one": 0.2, "wins one": 0.2,
		"falls two": 0.4, "breaks two": 0.2, "wins two": 0.4,
		"falls_but_stands one, two": 1, "falls_but_stands two, one": 1,
	}
	got := map[string]float64{}
	for _, m := range kindtest.Metrics(t, a) {
		got[strings.TrimSpace(m.Name+" "+m.Group)] = m.Value
	}
	if !maps.Equal(got, want) {
		t.Errorf("metrics %v, want %v", got, want)
	}
	if want := []string{"last checkpoint: only the 5 images that all attacks were run on are used; attacks with more images: one (6)"}; !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
	_, outcomes, err := attacks.Read(a)
	if err != nil {
		t.Fatal(err)
	}
	var losses []float64
	for _, o := range outcomes {
		losses = append(losses, o.Loss)
	}
	// The larger loss counts; but if only one attack succeeds on an image, its loss counts.
	if want := []float64{2, 1, 1, 1, 3}; !slices.Equal(losses, want) {
		t.Errorf("the outcomes have losses %v, want those of the worst attacks, %v", losses, want)
	}
}

// The attacks of these cases were run on different images or checkpoints.
func TestLeftOutImagesAreNotedByCheckpoint(t *testing.T) {
	for _, c := range []struct {
		name     string
		one, two map[string]int
		want     []string
	}{
		{"all on both", map[string]int{"best": 3, "last": 3}, map[string]int{"best": 3, "last": 3}, nil},
		{"one checkpoint of the first only", map[string]int{"best": 3, "last": 3}, map[string]int{"last": 3},
			[]string{"the best checkpoint is left out, because it was not attacked by two"}},
		{"one checkpoint of the second only", map[string]int{"last": 3}, map[string]int{"best": 3, "last": 3},
			[]string{"the best checkpoint is left out, because it was not attacked by one"}},
		{"fewer images of one checkpoint", map[string]int{"best": 3, "last": 3}, map[string]int{"best": 2, "last": 3},
			[]string{"best checkpoint: only the 2 images that all attacks were run on are used; attacks with more images: one (3)"}},
		{"both", map[string]int{"best": 3, "last": 2}, map[string]int{"last": 3}, []string{
			"the best checkpoint is left out, because it was not attacked by two",
			"last checkpoint: only the 2 images that all attacks were run on are used; attacks with more images: two (3)",
		}},
	} {
		var notes []string
		kindtest.MustRun(t, Strongest(), nil, &pipeline.Cell{
			Inputs: map[string]pipeline.Artifact{"one": attackedAt(t, c.one), "two": attackedAt(t, c.two)},
			OnNote: func(text string) { notes = append(notes, text) },
		})
		if !slices.Equal(notes, c.want) {
			t.Errorf("%s: notes %q, want %q", c.name, notes, c.want)
		}
	}
}

// The output of evaluate/strongest can be an input of another one.
func TestStrongestResultsAreResultsOfAttacks(t *testing.T) {
	one, two := attacked(t, on, [4]int32{0, 0, 0, 1}, [4]int32{1, 1, 2, 1}), attacked(t, on, [4]int32{0, 0, 1, 1}, [4]int32{1, 1, 1, 1})
	both := kindtest.MustRun(t, Strongest(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"one": one, "two": two}})
	all := kindtest.MustRun(t, Strongest(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"both": both, "two": two}})
	for _, m := range kindtest.Metrics(t, all) {
		if m.Name == "accuracy" && m.Value != 0 {
			t.Errorf("accuracy %g, want 0", m.Value)
		}
	}
}

func TestAttacksThatCannotBeCombinedAreErrors(t *testing.T) {
	image := [4]int32{0, 0, 0, 0}
	other := func(edit func(*attacks.Attack)) pipeline.Artifact {
		a := on
		edit(&a)
		return attacked(t, a, image)
	}
	metrics := pipeline.Artifact{Files: []pipeline.File{{Name: artifact.MetricsFile}}}
	for _, c := range []struct {
		name, want string
		other      pipeline.Artifact
	}{
		{"another classifier with the same predictions", "one and two cannot be combined: the first attacked classifier", other(func(a *attacks.Attack) { a.Model[0]++ })},
		{"other images", "one and two cannot be combined: the first attacked images", other(func(a *attacks.Attack) { a.Data[0]++ })},
		{"another epsilon", "the first had epsilon 0.031, the second 0.1", other(func(a *attacks.Attack) { a.Epsilon = 0.1 })},
		{"another clean prediction", "image 0 has label 0 and clean prediction 0 in one, but 0 and 1 in two", attacked(t, on, [4]int32{0, 1, 1, 0})},
		{"no image in common", "no image was attacked", attacked(t, on)},
		{"no attack on images", "two: it has no attack.json", metrics},
	} {
		_, err := kindtest.Run(t, Strongest(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{
			"one": attacked(t, on, image), "two": c.other,
		}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
