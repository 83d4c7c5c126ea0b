package pipeline

import (
	"slices"

	"foil/spec"
)

// Facts are what is known about the output of a cell before it runs. The zero value: nothing.
type Facts struct {
	// AtMost are upper bounds of numbers, by what is counted: "items", "users". A number that is not
	// here is not known.
	AtMost map[string]int

	// Metrics are the metrics that an output of type metrics may hold. Nil: not known.
	Metrics []Metric

	// Curves are the names of the curves and figures of a training. Nil: not known.
	Curves []string

	// SharedUsers says that the test users of a split are training users, too.
	SharedUsers bool
}

// A Metric is one metric of a cell, without its value.
type Metric struct {
	Name                     string
	K                        int // cut-off, epoch or step; 0: none
	Group, Split, Checkpoint string

	// Unit is "user" or "image" if the output also has the outcome of each user or image, of which
	// the metric is a mean. "": there is none, or it is not known.
	Unit string

	Open bool // only the name is known
}

// An Input is what a stage is given under a name.
type Input struct {
	Name     string
	Gathered bool                    // all cells of another stage, not one
	Axes     map[string][]spec.Value // of that stage: axis and its values
	Cells    []InputCell             // of that stage

	Unknown bool // because of an error that has been reported, nothing is known of that stage
	Varied  bool // --set or extend may have left out cells that the spec was written for
}

// An InputCell is one cell of a stage that another stage reads.
type InputCell struct {
	Axes  []AxisValue
	Facts *Facts // nil: none
}

// AtMost is the upper bound of a number that holds for all cells of an input. ok is false if there
// is none.
func AtMost(inputs []Input, name, what string) (most int, ok bool) {
	i := slices.IndexFunc(inputs, func(in Input) bool { return in.Name == name })
	if i < 0 || len(inputs[i].Cells) == 0 {
		return 0, false
	}
	for _, c := range inputs[i].Cells {
		if c.Facts == nil {
			return 0, false
		}
		n, ok := c.Facts.AtMost[what]
		if !ok {
			return 0, false
		}
		most = max(most, n)
	}
	return most, true
}

// SharesUsers reports whether the test users of a cell of an input, a split, are known to be training
// users, too.
func SharesUsers(inputs []Input, name string) bool {
	for _, in := range inputs {
		if in.Name == name && slices.ContainsFunc(in.Cells, func(c InputCell) bool { return c.Facts != nil && c.Facts.SharedUsers }) {
			return true
		}
	}
	return false
}

// PassOn says that an output has at most as much of everything as the input called name, as is true
// of filters and splits.
func PassOn[P any](name string) func(p *P, needs map[string]*Facts) *Facts {
	return func(_ *P, needs map[string]*Facts) *Facts {
		if in := needs[name]; in != nil {
			return &Facts{AtMost: in.AtMost}
		}
		return nil
	}
}
