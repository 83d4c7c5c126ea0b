package images

import (
	"strings"
	"testing"

	"foil/internal/kindtest"
	"foil/pipeline"
)

// binarized runs the test on few images and returns its metrics and notes.
func binarized(t *testing.T, inputs map[string]pipeline.Artifact, edit func(p *BinarizationParams)) (map[string]float64, string) {
	t.Helper()
	kind := Binarization()
	p := kind.Params().(*BinarizationParams)
	p.Images, p.Inner, p.Random = 12, 60, 50
	edit(p)
	var notes []string
	a := kindtest.MustRun(t, kind, p, &pipeline.Cell{Seed: 3, Inputs: inputs, OnNote: func(text string) { notes = append(notes, text) }})
	return metrics(t, a), strings.Join(notes, "\n")
}

// TestBinarizationTellsAttacksThatWork runs attacks as they are, and broken ones.
func TestBinarizationTellsAttacksThatWork(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}
	const failure = "the attack fails the binarization test"
	for name, c := range map[string]struct {
		passes bool
		edit   func(p *BinarizationParams)
	}{
		"pgd":                  {true, func(p *BinarizationParams) {}},
		"pgd from the image":   {true, func(p *BinarizationParams) { p.PGD.Start = "none" }},
		"apgd":                 {true, func(p *BinarizationParams) { p.Attack = "apgd" }},
		"fab":                  {true, func(p *BinarizationParams) { p.Attack = "fab" }},
		"a step too short":     {false, func(p *BinarizationParams) { p.PGD.Step, p.PGD.Start = 1e-5, "none" }},
		"two steps of a tenth": {false, func(p *BinarizationParams) { p.PGD.Steps, p.PGD.Start = 2, "none" }},
	} {
		m, notes := binarized(t, inputs, c.edit)
		t.Log(name, m)
		if passes := m["success"] >= trusted; passes != c.passes || strings.Contains(notes, failure) == c.passes {
			t.Errorf("%s: success %g, notes %q", name, m["success"], notes)
		}
		if m["images"] != 12 || m["inseparable"] > 2 || m["random_success"] > 0.5 {
			t.Errorf("%s: %v", name, m)
		}
	}
}
