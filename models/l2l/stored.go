package l2l

import (
	"fmt"
	"slices"
	"strings"
)

// F32 is the type of the values that a network takes.
const F32 = "F32"

// A Stored is a tensor as somebody stored it.
type Stored struct {
	Type   string // F32, or what another one is called there
	Shape  []int
	Values []float32 // where the type is F32
}

// flaw is what is wrong with a stored tensor. A higher one says more about where the
// tensors come from.
type flaw int

const (
	sound    flaw = iota
	diverged      // it holds values that are no numbers
	otherType
	otherNetwork // it is missing, or has another shape
)

// flaw says whether the stored tensor can be the parameter, and in words why not.
func (p Param) flaw(s Stored) (worst flaw, why string) {
	var has []string
	if s.Type != F32 {
		worst, has = otherType, append(has, fmt.Sprintf("type %s, not %s", s.Type, F32))
	}
	if !slices.Equal(s.Shape, p.Shape) {
		worst, has = otherNetwork, append(has, fmt.Sprintf("shape %v, not %v", s.Shape, p.Shape))
	}
	if len(has) == 0 && len(s.Values) != p.Size() {
		worst, has = otherNetwork, append(has, fmt.Sprintf("%d values, not %d", len(s.Values), p.Size()))
	}
	if n := notFinite(s.Values); n > 0 {
		worst, has = max(worst, diverged), append(has, fmt.Sprintf("NaN or infinity for %d of %d values", n, len(s.Values)))
	}
	return worst, "has " + strings.Join(has, ", and ")
}

func notFinite(values []float32) (n int) {
	for _, v := range values {
		if v-v != 0 { // of NaN and infinities it is NaN
			n++
		}
	}
	return n
}

// check returns an error that says of every parameter whose tensor cannot be taken
// why. A nil stands for a tensor that is missing.
func check(params []Param, stored []*Stored) error {
	var wrong []string
	worst := sound
	for i, p := range params {
		found, why := otherNetwork, "is missing"
		if stored[i] != nil {
			found, why = p.flaw(*stored[i])
		}
		if found != sound {
			worst, wrong = max(worst, found), append(wrong, p.Name+" "+why)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d tensors %s %s", len(wrong), len(params), worst.advice(), strings.Join(wrong, "; "))
}

func (f flaw) advice() string {
	switch f {
	case otherNetwork:
		return "do not fit the network; are they another network's, or of another width?"
	case otherType:
		return "cannot be taken; store them as " + F32 + ":"
	default:
		return "cannot be taken; did the training diverge?"
	}
}
