package images

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/artifact/attacks"
	"foil/internal/classifiers"
	"foil/internal/kindtest"
	"foil/models/ascent"
	"foil/models/backend"
	"foil/models/graphs"
	"foil/models/nn"
	"foil/pipeline"
)

// broken is an attack that breaks a rule.
type broken func(x []float32) []float32

func (b broken) Attack(_ context.Context, x []float32, _ []int32, _ []float32) ([]float32, error) {
	return b(slices.Clone(x)), nil
}

// at is an attack that changes one value where epsilon is not 0.
func at(epsilon float64, i int, to func(float32) float32) ascent.Attack {
	return broken(func(x []float32) []float32 {
		if epsilon > 0 {
			x[i] = to(x[i])
		}
		return x
	})
}

// by moves a value towards the far end of [0, 1].
func by(change float32) func(float32) float32 {
	return func(v float32) float32 {
		if v > 0.5 {
			return v - change
		}
		return v + change
	}
}

// runPlan runs a plan as a cell of a kind would.
func runPlan(t *testing.T, inputs map[string]pipeline.Artifact, ready func(v *victim) (plan, error)) error {
	t.Helper()
	kind := pipeline.Define(attackKind(pipeline.Kind{Name: "attack/broken"}), fgsmParams, pipeline.Work[FGSMParams]{
		Run: func(ctx context.Context, cell *pipeline.Cell, p *FGSMParams) error {
			return p.run(ctx, cell, ready)
		},
	})
	_, err := kindtest.Run(t, kind, nil, &pipeline.Cell{Inputs: inputs})
	return err
}

func TestABrokenRuleFailsTheCell(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}
	nothing := func(float64) ascent.Attack { return broken(func(x []float32) []float32 { return x }) }
	for _, c := range []struct {
		name, want string
		attack     func(epsilon float64) ascent.Attack
		edit       func(v *victim, p *plan) error
	}{
		{name: "none", attack: nothing},
		{name: "epsilon 0", want: "with epsilon 0 the attack changes image",
			attack: func(float64) ascent.Attack { return at(1, 0, by(0.001)) }},
		{name: "as far as allowed, to rounding", attack: func(e float64) ascent.Attack { return at(e, 5, by(float32(e))) }},
		{name: "too far by four ulps", want: "of image 0 by 0.03100",
			attack: func(e float64) ascent.Attack { return at(e, 5, by(float32(e)+4*ulp)) }},
		{name: "below 0", want: "to -1e-06, which is outside [0, 1]", attack: func(e float64) ascent.Attack { return at(e, 800, func(float32) float32 { return -1e-6 }) }},
		{name: "no number", want: "image 1 to NaN, which is outside [0, 1]", attack: func(e float64) ascent.Attack { return at(e, 800, func(v float32) float32 { return (v - v) / (v - v) }) }},
		{name: "too few images", want: "the attack gives 767 values for 768",
			attack: func(float64) ascent.Attack { return broken(func(x []float32) []float32 { return x[1:] }) },
			edit:   func(v *victim, p *plan) error { p.batch = 1; return nil }},
		{name: "more steps that do less harm", want: "the accuracy after 2 steps", attack: nothing,
			edit: func(v *victim, p *plan) error {
				p.climbs, p.build = true, func(epsilon float64) ([]leg, error) {
					legs := []leg{{Attack: v.PGD(ascent.FGSM(epsilon)), steps: 1}, {Attack: nothing(epsilon), steps: 2}}
					return legs, nil
				}
				return nil
			}},
		{name: "training mode", want: "the classifier is not in evaluation mode", attack: nothing,
			edit: func(v *victim, p *plan) (err error) {
				v.logits, err = inTraining(v)
				return err
			}},
		{name: "a running statistic that moves", want: "the attack has changed the classifier itself: ", edit: func(v *victim, p *plan) error {
			p.build = func(epsilon float64) ([]leg, error) {
				return single(broken(func(x []float32) []float32 {
					i := slices.IndexFunc(v.weights.Params, func(p nn.Param) bool { return !p.Trainable })
					if err := backend.Write(v.weights.Tensors[i], func(w []float32) { w[0] += 1e-3 }); err != nil {
						t.Error(err)
					}
					return x
				}), nil)
			}
			return nil
		}},
	} {
		err := runPlan(t, inputs, func(v *victim) (plan, error) {
			p := plan{tries: 1, batch: batch, build: func(epsilon float64) ([]leg, error) { return single(c.attack(epsilon), nil) }}
			if c.edit != nil {
				return p, c.edit(v, &p)
			}
			return p, nil
		})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// TestAccuracyUnderAttackIsWhateverWasSaidBefore has an image of each kind: right or wrong
// before, and after. The authors count what is right after.
func TestAccuracyUnderAttackIsWhateverWasSaidBefore(t *testing.T) {
	o := func(label, clean, attacked int32) attacks.Outcome {
		return attacks.Outcome{Label: label, Clean: clean, Attacked: attacked}
	}
	r := attackRun{
		victim: &victim{}, clean: make([]ascent.Verdict, 4), legs: []leg{{shown: true}},
		outcomes: [][]attacks.Outcome{{o(0, 0, 0), o(0, 1, 0), o(0, 0, 1), o(0, 1, 1)}},
	}
	got := map[string]float64{}
	for _, m := range r.metrics() {
		got[m.Name] = m.Value
	}
	if got["accuracy"] != 0.5 || got["accuracy_clean"] != 0.5 || got["success"] != 0.5 {
		t.Errorf("metrics %v", got)
	}
}

// The success of an attack is a share of the images that are right without it.
func TestSuccessIsMissingIfNoImageWasRight(t *testing.T) {
	r := attackRun{
		victim: &victim{}, clean: make([]ascent.Verdict, 1), legs: []leg{{shown: true}},
		outcomes: [][]attacks.Outcome{{{Label: 0, Clean: 1, Attacked: 1}}},
	}
	for _, m := range r.metrics() {
		if m.Name == "success" {
			t.Errorf("success is %v", m.Value)
		}
	}
}

// inTraining asks a victim's classifier in training mode.
func inTraining(v *victim) (func(ctx context.Context, x []float32) ([]float32, error), error) {
	config, err := classifiers.Read(v.cell.Inputs["model"])
	if err != nil {
		return nil, err
	}
	network, err := config.Network.Build(v.shape, v.classes)
	if err != nil {
		return nil, err
	}
	exec, err := backend.Compile(v.backend, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{graphs.Bind(network, in[1:]).Logits(in[0], nn.Training)}
	})
	return func(_ context.Context, x []float32) ([]float32, error) {
		in := []any{tensors.FromFlatDataAndDimensions(x, len(x)/v.shape.Size(), v.shape.Channels, v.shape.Height, v.shape.Width)}
		for _, w := range v.weights.Tensors {
			in = append(in, w)
		}
		out, err := backend.Run(exec, in...)
		if err != nil {
			return nil, err
		}
		return backend.Copy(out[0])
	}, err
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	data, larger, more := textures(t, 16, 3), textures(t, 24, 3), textures(t, 16, 4)
	plain := trained(t, data, "plain")
	elsewhere := untrained(t, data, 1, "")
	for _, c := range []struct {
		name, want string
		kind       pipeline.Kind
		params     any
		inputs     map[string]pipeline.Artifact
	}{
		{name: "other images", want: "model: the classifier was trained on the images ", kind: FGSM(),
			inputs: map[string]pipeline.Artifact{"model": plain, "data": larger}},
		{name: "images of another size", want: "model: the classifier is for images of 3 x 16 x 16 and 3 classes, but the data has images of 3 x 24 x 24", kind: FGSM(),
			inputs: map[string]pipeline.Artifact{"model": elsewhere, "data": larger}},
		{name: "another number of classes", want: "3 classes, but the data has images of 3 x 16 x 16 and 4 classes", kind: FGSM(),
			inputs: map[string]pipeline.Artifact{"model": elsewhere, "data": more}},
		{name: "a source of other images", want: "source: the classifier was trained on the images ", kind: Transfer(),
			inputs: map[string]pipeline.Artifact{"model": elsewhere, "data": data, "source": trained(t, more, "plain")}},
		{name: "too many images", want: "images is 1000, but the data has 24", kind: FGSM(), params: &FGSMParams{Common{Images: 1000, Checkpoints: []string{"last"}}},
			inputs: map[string]pipeline.Artifact{"model": plain, "data": data}},
		{name: "no attacker", want: "attacker: the classifier was trained by plain, which leaves no attacker network", kind: Learned(),
			inputs: map[string]pipeline.Artifact{"model": plain, "data": data, "attacker": plain}},
	} {
		_, err := kindtest.Run(t, c.kind, c.params, &pipeline.Cell{Inputs: c.inputs})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
