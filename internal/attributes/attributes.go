// Package attributes turns a column of the users' table into targets for adversaries and attackers:
// classes with weights, or numbers scaled by a range.
package attributes

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"foil/internal/artifact"
	"foil/models/adversary"
	"foil/spec"
)

// Param is the parameter that names an attribute and defines how it is predicted. The parameters of
// trainings and attacks embed it.
type Param struct {
	Attribute    string             `yaml:"attribute" required:"true"`
	ClassWeights map[string]float64 `yaml:"class_weights"`
	Range        []float64          `yaml:"range"`
}

// Params describes a Param.
var Params = &spec.Params[Param]{
	Docs: spec.Docs{
		"attribute":     "column of the users' table, such as gender or age",
		"class_weights": "weight of each class in the cross-entropy of a categorical attribute; default: equal weights",
		"range": "[low, high] of a numeric attribute; the target is (value - low) / (high - low). " +
			"Default: the target is the value.",
	},
	Check: (*Param).check,
}

// check reports errors that do not depend on the data.
func (p *Param) check(report spec.Reporter) {
	for _, class := range slices.Sorted(maps.Keys(p.ClassWeights)) {
		if w := p.ClassWeights[class]; w <= 0 {
			report("class_weights."+class, "a class weight must be greater than 0, not %g", w)
		}
	}
	CheckRange(p.Range, report)
	if p.Range != nil && p.ClassWeights != nil {
		report("range", "%s has class_weights, so it is categorical and has no range", p.Attribute)
	}
}

// CheckRange reports a range that is none. Nil is no range.
func CheckRange(limits []float64, report spec.Reporter) {
	switch {
	case limits == nil:
	case len(limits) != 2:
		report("range", "a range has two values, [low, high], not %d", len(limits))
	case limits[0] >= limits[1]:
		report("range", "the lower end %g must be less than the upper end %g", limits[0], limits[1])
	}
}

// A Target is an attribute as it is predicted.
type Target struct {
	Name    string
	Classes []string // of a categorical attribute, sorted; nil for a number
	Weights []float32
	Scale   float64 // of a numeric attribute: units of the attribute per unit of the target
	all     adversary.Targets
}

// Resolve finds the attribute among the users' columns.
func (p Param) Resolve(users *artifact.Users) (*Target, error) {
	a, err := users.Attribute(p.Attribute)
	if err != nil {
		return nil, err
	}
	if a.IsNumeric() {
		return p.numeric(a)
	}
	return p.categorical(a)
}

func (p Param) numeric(a *artifact.Attribute) (*Target, error) {
	if p.ClassWeights != nil {
		return nil, fmt.Errorf("attribute %s is a number, so it has no class_weights", p.Attribute)
	}
	low, scale := 0.0, 1.0
	if p.Range != nil {
		low, scale = p.Range[0], p.Range[1]-p.Range[0]
	}
	values := make([]float32, len(a.Number))
	for i, v := range a.Number {
		values[i] = float32((float64(v) - low) / scale)
	}
	return &Target{Name: p.Attribute, Scale: scale, all: adversary.Targets{Value: values}}, nil
}

func (p Param) categorical(a *artifact.Attribute) (*Target, error) {
	if p.Range != nil {
		return nil, fmt.Errorf("attribute %s is categorical, so it has no range", p.Attribute)
	}
	known := map[string]bool{}
	for _, c := range a.Category {
		if c != "" {
			known[c] = true
		}
	}
	t := &Target{Name: p.Attribute, Classes: slices.Sorted(maps.Keys(known))}
	if len(t.Classes) < 2 {
		return nil, fmt.Errorf("attribute %s has %d classes in the data; at least 2 are needed", p.Attribute, len(t.Classes))
	}
	if p.ClassWeights != nil {
		for _, c := range t.Classes {
			w, ok := p.ClassWeights[c]
			if !ok {
				return nil, fmt.Errorf("class_weights of %s has no weight for class %q; the data has the classes %s", p.Attribute, c, strings.Join(t.Classes, ", "))
			}
			t.Weights = append(t.Weights, float32(w))
		}
		for _, c := range slices.Sorted(maps.Keys(p.ClassWeights)) {
			if !known[c] {
				return nil, fmt.Errorf("class_weights of %s has a weight for class %q, but the data has the classes %s", p.Attribute, c, strings.Join(t.Classes, ", "))
			}
		}
	}
	t.all.Class = make([]int32, len(a.Category))
	for i, c := range a.Category {
		class, ok := slices.BinarySearch(t.Classes, c)
		if !ok {
			class = -1
		}
		t.all.Class[i] = int32(class)
	}
	return t, nil
}

// Of returns the targets of the given users, in their order.
func (t *Target) Of(users []int32) adversary.Targets {
	var out adversary.Targets
	if t.Classes != nil {
		out.Class = make([]int32, len(users))
		for i, u := range users {
			out.Class[i] = t.all.Class[u]
		}
		return out
	}
	out.Value = make([]float32, len(users))
	for i, u := range users {
		out.Value[i] = t.all.Value[u]
	}
	return out
}

// Group returns the group of heads that predicts the attribute.
func (t *Target) Group(heads, hidden int, dropout float64) adversary.Config {
	c := adversary.Config{Name: t.Name, Heads: heads, Hidden: hidden, Dropout: dropout}
	if t.Classes == nil {
		c.Task = adversary.Regression
		return c
	}
	c.Task, c.Classes, c.ClassWeights = adversary.Classification, len(t.Classes), t.Weights
	return c
}

// Known reports whether any of the given users has the attribute.
func (t *Target) Known(users []int32) bool {
	return slices.ContainsFunc(users, func(u int32) bool {
		if t.Classes != nil {
			return t.all.Class[u] >= 0
		}
		return !math.IsNaN(float64(t.all.Value[u]))
	})
}

// CheckUnique reports values that occur twice in a list of parameters. The path of a value is
// list[i]field.
func CheckUnique[T comparable](list, field string, values []T, report spec.Reporter) {
	for i, v := range values {
		if slices.Contains(values[:i], v) {
			report(fmt.Sprintf("%s[%d]%s", list, i, field), "%v occurs twice", v)
		}
	}
}
