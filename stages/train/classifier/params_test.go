package classifier

import (
	"math"
	"testing"

	"foil/spec"
)

func settled(method string, edit func(*Params)) string {
	p := defaults().(*Params)
	p.Method = method
	if edit != nil {
		edit(p)
	}
	p.Settle()
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
	p := defaults().(*Params)
	p.Method = "l2l-grad"
	p.Settle()
	if p.Network.Width != 10 || p.L2L.Attacker.Width != 64 {
		t.Errorf("widths %d and %d, want 10 and 64", p.Network.Width, p.L2L.Attacker.Width)
	}
}

func TestTheRateFallsAfterTheEpochsOfTheSchedule(t *testing.T) {
	p := defaults().(*Params)
	for _, c := range []struct {
		epoch int
		want  float64
	}{{1, 0.1}, {30, 0.1}, {31, 0.01}, {60, 0.01}, {61, 0.001}, {76, 0.001}, {91, 0.0001}} {
		if got := p.rate(c.epoch); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("epoch %d: rate %g, want %g", c.epoch, got, c.want)
		}
	}
}
