package images

import (
	"strings"
	"testing"

	"foil/pipeline"
	"foil/spec"
)

func TestParametersThatMakeNoSenseAreRefused(t *testing.T) {
	for _, c := range []struct {
		kind       pipeline.Kind
		with, want string
	}{
		{FGSM(), "epsilon: -0.1", "epsilon: must be at least 0, not -0.1"},
		{Learned(), "epsilon: 1.5", "epsilon: must be at most 1"},
		{FGSM(), "checkpoints: [best, best]", "checkpoints"},
		{PGD(), "steps: 0", "steps: must be at least 1"},
		{PGD(), "{steps: 20, before: [10, 20]}", "before[1]: 20 must be less than steps, 20"},
		{PGD(), "{steps: 20, before: [10, 10]}", "before[1]: 10 follows 10; the numbers must increase"},
		{PGD(), "before: [0]", "before[0]: must be at least 1"},
		{PGD(), "{start: none, restarts: 2}", "restarts: 2 tries from the same start are the same"},
		{PGD(), "{checkpoints: [last, last], restarts: 2}", "checkpoints"},
		{PGD(), "objective: dlr", `"dlr" is not allowed`},
		{APGD(), "objective: margin", `"margin" is not allowed`},
		{APGD(), "iterations: 0", "iterations: must be at least 1"},
		{FAB(), "alpha_max: 1.5", "alpha_max: must be at most 1"},
		{Square(), "p_init: 0", "p_init: must be greater than 0"},
		{Auto(), "attacks: []", "attacks"},
		{Auto(), "attacks: [square, square]", "attacks"},
		{Auto(), "attacks: [cw]", `"cw" is not allowed`},
		{Transfer(), "start: gaussian", `"gaussian" is not allowed`},
		{CW(), "first_const: 100", "first_const: 100 must be less than largest_const"},
		{CW(), "first_tau: 0.001", "first_tau: 0.001 must be more than last_tau"},
		{CW(), "const_factor: 1", "const_factor: must be greater than 1"},
	} {
		text := c.with
		if text[0] != '{' {
			text = "{" + text + "}"
		}
		with, err := spec.ParseValue("test", text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.kind.Decode(with)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s: error %v, want one with %q", c.kind.Name, c.with, err, c.want)
		}
	}
}

func TestTargetsAreThoseOfTheTargetedRatio(t *testing.T) {
	for objective, want := range map[string]int{"cross-entropy": 0, "dlr": 0, "targeted-dlr": 9} {
		p := apgdParams.New()
		p.Objective = objective
		if p.settle(); p.Targets != want {
			t.Errorf("objective %s: %d targets, want %d", objective, p.Targets, want)
		}
	}
}

func TestNoiseIsThatOfANormalStart(t *testing.T) {
	for start, want := range map[string]float64{"uniform": 0, "none": 0, "normal": 0.001} {
		p := pgdParams.New()
		p.Start = start
		if p.Climb.settle(); p.Noise != want {
			t.Errorf("start %s: noise %g, want %g", start, p.Noise, want)
		}
	}
}
