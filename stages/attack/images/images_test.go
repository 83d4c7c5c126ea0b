package images

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"foil/internal/tables"
	"foil/models/l2l"
	"foil/pipeline"
	"foil/stages/classifierfile"
	"foil/stages/load"
	"foil/stages/stagetest"
	"foil/stages/train/classifier"
)

func textures(t testing.TB, size int) pipeline.Artifact {
	t.Helper()
	p := load.SyntheticImages().Params().(*load.SyntheticImagesParams)
	p.Classes, p.Size, p.PerClassTrain, p.PerClassTest = 3, size, 16, 4
	return stagetest.MustRun(t, load.SyntheticImages(), &pipeline.Cell{Params: p, Seed: 1})
}

func trained(t testing.TB, data pipeline.Artifact, method string) pipeline.Artifact {
	t.Helper()
	p := classifier.Kind().Params().(*classifier.Params)
	p.Method = method
	p.Network = classifierfile.Network{Name: "resnet-9", Width: 4}
	p.L2L.Attacker = classifierfile.Attacker{Name: "slim", Width: 4}
	p.Epochs, p.Batch, p.Crop, p.Schedule.Epochs, p.Select.Steps = 8, 8, 0, nil, 1
	p.Settle()
	return stagetest.MustRun(t, classifier.Kind(), &pipeline.Cell{Params: p, Seed: 7, Inputs: map[string]pipeline.Artifact{"data": data}})
}

func outcomes(t testing.TB, a pipeline.Artifact) []tables.Outcome {
	t.Helper()
	path, err := a.Path(tables.OutcomesFile)
	if err != nil {
		t.Fatal(err)
	}
	out, err := tables.ReadOutcomes(path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func metric(t testing.TB, a pipeline.Artifact, name string) float64 {
	t.Helper()
	for _, m := range stagetest.Metrics(t, a) {
		if m.Name == name {
			return m.Value
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func TestAttacksKeepTheRulesAndDoHarm(t *testing.T) {
	data := textures(t, 16)
	model := trained(t, data, "l2l-grad")
	inputs := map[string]pipeline.Artifact{"model": model, "data": data, "source": trained(t, data, "plain"), "attacker": model}
	for _, kind := range []pipeline.Kind{FGSM(), PGD(), Transfer(), CW(), Learned()} {
		in := map[string]pipeline.Artifact{}
		for _, port := range kind.Inputs {
			in[port.Name] = inputs[port.Name]
		}
		run := func(cores int) pipeline.Artifact {
			p := kind.Params()
			if cw, ok := p.(*CWParams); ok {
				cw.Images, cw.Iterations = 3, 10
			}
			return stagetest.MustRun(t, kind, &pipeline.Cell{Params: p, Seed: 3, Cores: cores, Inputs: in})
		}
		a := run(1)
		if a.Digest() != run(2).Digest() {
			t.Errorf("%s: two threads give other bytes", kind.Name)
		}
		for _, o := range outcomes(t, a) {
			if o.Change > 0.031+1e-6 {
				t.Errorf("%s: image %d is changed by %g", kind.Name, o.Image, o.Change)
			}
		}
		if clean, attacked := metric(t, a, "accuracy_clean"), metric(t, a, "accuracy"); attacked > clean {
			t.Errorf("%s: accuracy rises from %g to %g", kind.Name, clean, attacked)
		}
	}
}

func TestMoreStartsNeverHelpTheDefender(t *testing.T) {
	data := textures(t, 16)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}
	stood := func(restarts int) []tables.Outcome {
		p := PGD().Params().(*PGDParams)
		p.Restarts, p.Steps = restarts, 3
		return outcomes(t, stagetest.MustRun(t, PGD(), &pipeline.Cell{Params: p, Seed: 3, Inputs: inputs}))
	}
	one, five := stood(1), stood(5)
	for i := range one {
		if five[i].Stood() && !one[i].Stood() {
			t.Errorf("image %d falls at once, and stands five starts", i)
		}
		if five[i].Stood() && five[i].Loss < one[i].Loss {
			t.Errorf("image %d: the worst of five starts is better than the first", i)
		}
	}
}

// broken is an attack that breaks a rule.
type broken func(x []float32) []float32

func (b broken) Attack(_ context.Context, x []float32, _ []int32, _ []float32) ([]float32, error) {
	return b(append([]float32(nil), x...)), nil
}

func TestABrokenRuleFailsTheCell(t *testing.T) {
	data := textures(t, 16)
	model := trained(t, data, "plain")
	add := func(by float32) broken {
		return func(x []float32) []float32 {
			for i := range x {
				x[i] = min(max(x[i]+by, 0), 1)
			}
			return x
		}
	}
	for _, c := range []struct {
		name, want string
		attack     func(epsilon float64) l2l.Attack
	}{
		{name: "epsilon 0", want: "with epsilon 0", attack: func(float64) l2l.Attack { return add(0.01) }},
		{name: "too far", want: "more than epsilon", attack: func(e float64) l2l.Attack { return add(float32(2 * e)) }},
		{name: "out of range", want: "out of [0, 1]", attack: func(e float64) l2l.Attack {
			return broken(func(x []float32) []float32 {
				if e > 0 {
					x[0] = -0.001
				}
				return x
			})
		}},
		{name: "no number", want: "out of [0, 1]", attack: func(e float64) l2l.Attack {
			return broken(func(x []float32) []float32 {
				if e > 0 {
					x[1] = float32(nan())
				}
				return x
			})
		}},
	} {
		cell := &pipeline.Cell{Backend: "go", OutDir: t.TempDir(), Inputs: map[string]pipeline.Artifact{"model": model, "data": data}}
		p := plan{tries: 1, make: func(_ *victim, epsilon float64) (l2l.Attack, error) { return c.attack(epsilon), nil }}
		params := common()
		err := params.run(context.Background(), cell, p)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestAnAttackThatGetsWeakerFailsTheCell(t *testing.T) {
	data := textures(t, 16)
	cell := &pipeline.Cell{Backend: "go", Inputs: map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}}
	params := common()
	v, err := params.open(cell, classifierfile.Last)
	if err != nil {
		t.Fatal(err)
	}
	// The first step leaves black images, all of one class; after all steps the classifier
	// is said to be right everywhere.
	p := plan{shorter: func(*victim) l2l.Attack { return broken(func(x []float32) []float32 { clear(x); return x }) }}
	var right []l2l.Verdict
	for _, label := range v.labels {
		right = append(right, l2l.Verdict{Class: label})
	}
	if err := p.stronger(context.Background(), v, nil, right); err == nil || !strings.Contains(err.Error(), "after all steps") {
		t.Errorf("error %v, want that the attack does not work", err)
	}
	if err := p.stronger(context.Background(), v, nil, make([]l2l.Verdict, len(right))); err != nil {
		t.Errorf("as weak after all steps as after one: %v", err)
	}
}

func nan() float64 { var zero float64; return zero / zero }

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	data, larger := textures(t, 16), textures(t, 24)
	plain := trained(t, data, "plain")
	for _, c := range []struct {
		name, want string
		kind       pipeline.Kind
		params     any
		inputs     map[string]pipeline.Artifact
	}{
		{"other images", "was trained on other images", FGSM(), nil, map[string]pipeline.Artifact{"model": plain, "data": larger}},
		{"too many images", "images is 1000, and the data has 12", FGSM(), &FGSMParams{Common{Images: 1000, Checkpoints: []string{"last"}}}, map[string]pipeline.Artifact{"model": plain, "data": data}},
		{"no attacker", "plain, which leaves no attacker network", Learned(), nil, map[string]pipeline.Artifact{"model": plain, "data": data, "attacker": plain}},
	} {
		_, err := stagetest.Run(t, c.kind, &pipeline.Cell{Params: c.params, Inputs: c.inputs})
		if err == nil || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
