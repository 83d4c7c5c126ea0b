package images

import (
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/classifiers"
	"foil/internal/kindtest"
	"foil/internal/safetensors"
	"foil/pipeline"
)

// masked is a classifier of textures with logits so large that the cross-entropy of images which it
// takes for their class has no gradient. It classifies as the network that it is made from.
func masked(t *testing.T, data pipeline.Artifact) pipeline.Artifact {
	t.Helper()
	model := trained(t, data, "plain")
	saved, err := checkpoints.Read(model)
	if err != nil {
		t.Fatal(err)
	}
	var config classifiers.Config
	if err := saved.Config(&config); err != nil {
		t.Fatal(err)
	}
	file, err := saved.Weights(checkpoints.Last, checkpoints.Model)
	if err != nil {
		t.Fatal(err)
	}
	var tensors []safetensors.Tensor
	for name, w := range file {
		w.Name = name
		if strings.HasPrefix(name, "fc.") {
			w.F32 = slices.Clone(w.F32)
			for i := range w.F32 {
				w.F32[i] *= 1e4
			}
		}
		tensors = append(tensors, w)
	}
	slices.SortFunc(tensors, func(a, b safetensors.Tensor) int { return strings.Compare(a.Name, b.Name) })
	weights := checkpoints.Weights{checkpoints.Model: tensors}
	return kindtest.Written(t, func(create artifact.CreateFunc) error {
		return checkpoints.Write(create, checkpoints.Result{Config: config, Best: weights, Last: weights})
	})
}

// noted runs an attack and returns its metrics and notes.
func noted(t *testing.T, kind pipeline.Kind, inputs map[string]pipeline.Artifact, edit func(params any)) (map[string]float64, string) {
	t.Helper()
	var notes []string
	a := attack(t, kind, inputs, pipeline.Cell{OnNote: func(text string) { notes = append(notes, text) }}, edit)
	return metrics(t, a), strings.Join(notes, "\n")
}

// TestMaskedGradientsAreNoted has a sign of each sort, and none on the network that masks nothing.
func TestMaskedGradientsAreNoted(t *testing.T) {
	data := textures(t, 16, 3)
	honest := map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}
	masking := map[string]pipeline.Artifact{"model": masked(t, data), "data": data}
	pgd := func(edit func(p *PGDParams)) func(any) {
		return func(params any) {
			p := params.(*PGDParams)
			p.Start = "none"
			edit(p)
		}
	}
	auto := func(params any) { params.(*AutoParams).Attacks = []string{"apgd-ce", "square"} }
	for _, c := range []struct {
		name, want string
		kind       pipeline.Kind
		edit       func(params any)
	}{
		{"zero gradients of PGD", "the gradient of the cross-entropy is 0 at", PGD(), pgd(func(*PGDParams) {})},
		{"zero gradients of FGSM", "the gradient of the cross-entropy is 0 at", FGSM(), nil},
		{"steps without effect", "the mean loss after 20 steps", PGD(), pgd(func(*PGDParams) {})},
		{"a black box that wins", "square, which uses no gradients, lowers the accuracy from", Auto(), auto},
		{"accuracy where all is grey", "with epsilon 0.5 every image can become grey", PGD(), pgd(func(p *PGDParams) { p.Epsilon, p.Step = 0.5, 0.05 })},
	} {
		if _, notes := noted(t, c.kind, masking, c.edit); !strings.Contains(notes, c.want) {
			t.Errorf("%s: the notes are %q, want one with %q", c.name, notes, c.want)
		}
		if m, notes := noted(t, c.kind, honest, c.edit); strings.Contains(notes, c.want) {
			t.Errorf("%s: the notes on a network that masks nothing are %q (%v)", c.name, notes, m)
		}
	}
}

// TestMarginsSeeBehindTheMask compares the objectives on a network without gradients of its
// cross-entropy.
func TestMarginsSeeBehindTheMask(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": masked(t, data), "data": data}
	pgd := func(objective string) float64 {
		m, _ := noted(t, PGD(), inputs, func(params any) { params.(*PGDParams).Objective = objective })
		return m["accuracy"]
	}
	apgd := func(objective string) float64 {
		m, _ := noted(t, APGD(), inputs, func(params any) { params.(*APGDParams).Objective = objective })
		return m["accuracy"]
	}
	if entropy, margin := pgd("cross-entropy"), pgd("margin"); margin >= entropy {
		t.Errorf("PGD leaves %g on the margin, %g on the cross-entropy", margin, entropy)
	}
	if entropy, ratio := apgd("cross-entropy"), apgd("dlr"); ratio >= entropy {
		t.Errorf("APGD leaves %g on the ratio, %g on the cross-entropy", ratio, entropy)
	}
}

func TestAttacksThatNeedMoreClassesSaySo(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": untrained(t, data, 1, ""), "data": data}
	_, err := kindtest.Run(t, Auto(), nil, &pipeline.Cell{Inputs: inputs})
	const want = "apgd-t: the targeted difference of logits ratio needs 4 classes, but the classifier has 3; leave it out of attacks"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}

// TestAutoIsItsAttacksOneAfterTheOther combines attacks that were made alone.
func TestAutoIsItsAttacksOneAfterTheOther(t *testing.T) {
	data := textures(t, 16, 4)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "pgd"), "data": data}
	edit := func(params any) {
		commonOf(params).Epsilon = 0.012
		switch p := params.(type) {
		case *AutoParams:
			p.Attacks = []string{"apgd-ce", "apgd-dlr", "apgd-t", "fab-t"}
		case *APGDParams:
			p.Objective = "targeted-dlr"
		}
	}
	auto := attack(t, Auto(), inputs, pipeline.Cell{}, edit)
	m := metrics(t, auto)
	one := outcomes(t, attack(t, APGD(), inputs, pipeline.Cell{}, func(params any) { commonOf(params).Epsilon = 0.012 }))
	targeted := outcomes(t, attack(t, APGD(), inputs, pipeline.Cell{}, edit))
	fab := outcomes(t, attack(t, FAB(), inputs, pipeline.Cell{}, edit))
	for i, o := range outcomes(t, auto) {
		if fell := one[i].Right() && targeted[i].Right() && fab[i].Right(); o.Right() && !fell {
			t.Errorf("image %d stands, but falls to an attack alone", i)
		}
		if !one[i].Right() && o != one[i] {
			t.Errorf("image %d: %+v, but the first attack alone gives %+v", i, o, one[i])
		}
	}
	right := 0
	for _, o := range one {
		if o.Right() {
			right++
		}
	}
	if want := float64(right) / float64(len(one)); m["accuracy/apgd-ce"] != want {
		t.Errorf("the accuracy after apgd-ce is %g, want %g", m["accuracy/apgd-ce"], want)
	}
	if m["accuracy"] != m["accuracy/fab-t"] || m["accuracy/fab-t"] > m["accuracy/apgd-t"] || m["accuracy/apgd-t"] > m["accuracy/apgd-dlr"] || m["accuracy/apgd-dlr"] > m["accuracy/apgd-ce"] {
		t.Errorf("the accuracy rises from attack to attack: %v", m)
	}
	if m["accuracy"] == m["accuracy_clean"] || m["accuracy"] == 0 {
		t.Errorf("nothing or all falls, so the case shows nothing: %v", m)
	}
}
