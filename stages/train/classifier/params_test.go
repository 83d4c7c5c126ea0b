package classifier

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"foil/models/l2l"
	"foil/models/random"
	"foil/spec"
)

func settled(method string, edit func(*Params)) string {
	p := params.New()
	p.Method = method
	if edit != nil {
		edit(p)
	}
	params.SettleAll(p)
	return spec.Canonical(p)
}

func TestWhatAMethodDoesNotUseIsNotInItsKey(t *testing.T) {
	edits := map[string]func(*Params){
		"fgsm":           func(p *Params) { p.FGSM.Beta = 3 },
		"pgd":            func(p *Params) { p.PGD.Step = 0.01 },
		"trades":         func(p *Params) { p.TRADES.Beta = 3 },
		"l2l-":           func(p *Params) { p.L2L.Attacker.Width = 8 },
		"l2l-kstep":      func(p *Params) { p.L2L.Steps = 5 },
		"every attacker": func(p *Params) { p.L2L.Rate = 1 },
	}
	uses := map[string][]string{
		"plain": nil, "fgsm": {"fgsm"}, "pgd": {"pgd"}, "trades": {"trades"},
		"l2l-naive": {"l2l-", "every attacker"}, "l2l-grad": {"l2l-", "every attacker"}, "l2l-2step": {"l2l-", "every attacker"},
		"l2l-kstep": {"l2l-", "l2l-kstep", "every attacker"},
	}
	for method, used := range uses {
		for name, edit := range edits {
			want := false
			for _, u := range used {
				want = want || u == name
			}
			if got := settled(method, edit) != settled(method, nil); got != want {
				t.Errorf("%s: the key changes by %s: %v, want %v", method, name, got, want)
			}
		}
	}
}

func TestWidthsAreTheAuthorsWhereNoneIsGiven(t *testing.T) {
	p := params.New()
	p.Method = "l2l-grad"
	params.SettleAll(p)
	if p.Network.Width != 10 || p.L2L.Attacker.Width != 64 {
		t.Errorf("widths %d and %d, want 10 and 64", p.Network.Width, p.L2L.Attacker.Width)
	}
}

func TestTheRateFallsAfterTheEpochsOfTheSchedule(t *testing.T) {
	p := params.New()
	for _, c := range []struct {
		epoch int
		want  float64
	}{{1, 0.1}, {29, 0.1}, {30, 0.01}, {59, 0.01}, {60, 0.001}, {76, 0.001}, {90, 0.0001}} {
		if got := p.rate(c.epoch); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("epoch %d: rate %g, want %g", c.epoch, got, c.want)
		}
	}
}

// TestDefaultsAreThePublishedOnes holds those that tables depend on (Jiang et al. 2021,
// section 4, and its code; TRADES' beta is its own paper's).
func TestDefaultsAreThePublishedOnes(t *testing.T) {
	p := params.New()
	climb := Crafting{Steps: 10, Step: 0.007, Noise: 0.001}
	for name, c := range map[string]struct{ got, want any }{
		"momentum":           {p.Momentum, 0.9},
		"weight decay":       {p.WeightDecay, 2e-4},
		"batch":              {p.Batch, 128},
		"epochs":             {p.Epochs, 76},
		"epsilon":            {p.Epsilon, 0.031},
		"crop":               {p.Crop, 4},
		"flip":               {p.Flip, true},
		"schedule's factor":  {p.Schedule.Factor, 0.1},
		"fgsm":               {p.FGSM, FGSM{Beta: 1}},
		"pgd":                {p.PGD, PGD{climb, 1}},
		"trades":             {p.TRADES, TRADES{climb, 6}},
		"attacker":           {p.L2L.Attacker.Name, "wide"},
		"attacker optimizer": {p.L2L.Optimizer, "adam"},
		"attacker rate":      {p.L2L.Rate, 1e-3},
		"attacker decay":     {p.L2L.WeightDecay, 2e-4},
		"step of k-Step":     {p.L2L.Step, 0.007},
		"selection":          {p.Select.Crafting, Crafting{Steps: 10, Step: 0.003, Noise: 0.001}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

// TestPassesAreCountedAsTheMethodsMakeThem counts by hand: passes of the classifier forward
// and backward, of the attacker forward and backward.
func TestPassesAreCountedAsTheMethodsMakeThem(t *testing.T) {
	for method, want := range map[string]l2l.Passes{
		"plain":                  {Forward: 1, Backward: 1},
		"fgsm":                   {Forward: 3, Backward: 3},   // a step, clean, attacked
		"pgd":                    {Forward: 12, Backward: 12}, // ten steps, clean, attacked
		"trades":                 {Forward: 14, Backward: 13}, // the distribution, ten steps, loss, two of the divergence
		"l2l-naive":              {Forward: 2, Backward: 2, AttackerForward: 2, AttackerBackward: 1},
		"l2l-grad":               {Forward: 4, Backward: 4, AttackerForward: 2, AttackerBackward: 1},
		"l2l-2step":              {Forward: 6, Backward: 6, AttackerForward: 4, AttackerBackward: 2},
		"l2l-kstep":              {Forward: 6, Backward: 6, AttackerForward: 4, AttackerBackward: 2},
		"l2l-grad-interpolation": {Forward: 4, Backward: 3, AttackerForward: 1, AttackerBackward: 1},
	} {
		p := params.New()
		p.Method = method
		if got := p.recipe().Passes(); got != want {
			t.Errorf("%s: %+v, want %+v", method, got, want)
		}
	}
}

// TestAttacksOfTrainingsStartAsPublished draws the noise of each method's attack.
func TestAttacksOfTrainingsStartAsPublished(t *testing.T) {
	for method, steps := range map[string]int{"plain": 0, "fgsm": 1, "pgd": 10, "trades": 10} {
		p := params.New()
		p.Method = method
		moves, start := p.recipe().Moves(), p.start()
		if moves != steps {
			t.Errorf("%s: %d steps, want %d", method, moves, steps)
		}
		if method == "plain" || method == "fgsm" {
			if start != nil {
				t.Errorf("%s starts from noise", method)
			}
			continue
		}
		x := make([]float32, 10_000)
		start(random.New(1, "test"), x)
		var square, largest float64
		for _, v := range x {
			square += float64(v) * float64(v)
			largest = max(largest, math.Abs(float64(v)))
		}
		// A uniform draw of this deviation would end at 1.8 of it.
		if sd := math.Sqrt(square / float64(len(x))); math.Abs(sd-0.001) > 5e-5 || largest < 0.003 {
			t.Errorf("%s: the start has a deviation of %g and reaches %g, want normal noise of 0.001", method, sd, largest)
		}
	}
}

// TestMethodsAreThoseOfTheTable holds the names that specs may have, and the blocks of
// parameters, against the table.
func TestMethodsAreThoseOfTheTable(t *testing.T) {
	var names, blocks []string
	params := reflect.TypeFor[Params]()
	for i := range params.NumField() {
		blocks = append(blocks, params.Field(i).Tag.Get("yaml"))
	}
	for _, m := range l2l.Methods {
		names = append(names, m.Name)
		if m.Takes != "" && !slices.Contains(blocks, string(m.Takes)) {
			t.Errorf("%s takes %s, which is no parameter", m.Name, m.Takes)
		}
	}
	method, _ := params.FieldByName("Method")
	if got, want := method.Tag.Get("oneof"), strings.Join(names, ","); got != want {
		t.Errorf("specs may name %s, the table has %s", got, want)
	}
}
