package split

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"foil/internal/artifact"
	"foil/internal/tabular"
	"foil/pipeline"
	"foil/spec"
)

// TemporalParams are the parameters of split/temporal.
type TemporalParams struct {
	By             string  `yaml:"by" oneof:"global,user"`
	Validation     float64 `yaml:"validation" above:"0" max:"0.9"`
	Test           float64 `yaml:"test" above:"0" max:"0.9"`
	ValidationFrom string  `yaml:"validation_from"`
	TestFrom       string  `yaml:"test_from"`
}

var temporalParams = &spec.Params[TemporalParams]{
	Defaults: func() TemporalParams { return TemporalParams{By: "global", Validation: 0.1, Test: 0.1} },
	Docs: spec.Docs{
		"by": "global: one time for all users divides training from validation, another one validation from test; " +
			"user: the latest interactions of each user are targets",
		"validation":      "share of the interactions that are validation targets, of all or of each user",
		"test":            "share of the interactions that are test targets",
		"validation_from": "first time of validation, such as 2024-06-01, or seconds since 1970, instead of a share",
		"test_from":       "first time of test, instead of a share",
	},
	Check: (*TemporalParams).check,
	Settle: func(p *TemporalParams) {
		if p.TestFrom != "" {
			p.Validation, p.Test = 0, 0
		}
	},
}

func (p *TemporalParams) check(report spec.Reporter) {
	if p.Validation+p.Test > 0.95 {
		report("test", "validation and test together are %v of the interactions; leave some to train on", p.Validation+p.Test)
	}
	if (p.TestFrom == "") != (p.ValidationFrom == "") {
		report("", "give both validation_from and test_from, or none")
		return
	}
	if p.TestFrom == "" {
		return
	}
	if p.By == "user" {
		report("by", "times that divide the data are for by: global")
	}
	validation, err := tabular.ParseTime(p.ValidationFrom)
	if err != nil {
		report("validation_from", "%v", err)
	}
	test, err2 := tabular.ParseTime(p.TestFrom)
	if err2 != nil {
		report("test_from", "%v", err2)
	}
	if err == nil && err2 == nil && test <= validation {
		report("test_from", "%s is not after validation_from, %s", p.TestFrom, p.ValidationFrom)
	}
}

// Temporal divides interactions by time.
func Temporal() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "split/temporal",
		Version: 1,
		Doc: "Divides interactions by time: models train on the past and must predict what came later. " +
			"With by: global nothing is trained that is as late as a target. " +
			"With by: user each user has targets, but interactions of other users may be later than these; a note tells how many. " +
			"Interactions at the same time as the border count as later. " + weakDoc,
		Inputs: []pipeline.Port{{Name: "interactions", Type: artifact.TypeInteractions, Doc: "the interactions to divide, with times"}},
		Output: artifact.TypeSplit,
		Files:  withinUsersFiles,
		Light:  true,
	}, temporalParams, pipeline.Work[TemporalParams]{Facts: weakFacts[TemporalParams], Run: runTemporal})
}

func runTemporal(_ context.Context, cell *pipeline.Cell, p *TemporalParams) error {
	in, err := readTimed(cell, true)
	if err != nil {
		return err
	}
	part := make([]uint8, in.Interactions.Len())
	if p.By == "user" {
		latest(cell, in.Interactions, part, shares(p.Validation, p.Test))
	} else if err := lateOfAll(cell, in.Interactions, p, part); err != nil {
		return err
	}
	out, err := withinUsers(cell, in, part)
	if err != nil {
		return err
	}
	return out.Write(cell.Create)
}

// lateOfAll divides at two times.
func lateOfAll(cell *pipeline.Cell, x artifact.Interactions, p *TemporalParams, part []uint8) error {
	var validation, test int64
	if p.TestFrom == "" {
		sorted := slices.Clone(x.Time)
		slices.Sort(sorted)
		n := float64(len(sorted))
		test = sorted[min(len(sorted)-1, int(n*(1-p.Test)))]
		validation = sorted[min(len(sorted)-1, int(n*(1-p.Test-p.Validation)))]
		if validation == sorted[0] || test == validation {
			return fmt.Errorf("the times do not divide the interactions: shares of %v and %v begin at %s and %s, and the first interaction is at %s; give validation_from and test_from",
				p.Validation, p.Test, moment(validation), moment(test), moment(sorted[0]))
		}
	} else {
		var err error
		if validation, err = tabular.ParseTime(p.ValidationFrom); err != nil {
			return err
		}
		if test, err = tabular.ParseTime(p.TestFrom); err != nil {
			return err
		}
	}
	for i, t := range x.Time {
		switch {
		case t >= test:
			part[i] = toTest
		case t >= validation:
			part[i] = toValidation
		}
	}
	cell.Logf("validation begins at %s, test at %s", moment(validation), moment(test))
	return nil
}

func moment(us int64) string { return time.UnixMicro(us).UTC().Format(time.RFC3339Nano) }

// shares returns the numbers of targets of a user with n interactions: at least one for validation and
// for test, and at least one is left to train on.
func shares(validation, test float64) func(n int) (int, int) {
	return func(n int) (int, int) {
		share := func(of float64) int { return max(1, int(math.Round(of*float64(n)))) }
		v, t := share(validation), share(test)
		for v+t > n-1 {
			if v >= t {
				v--
			} else {
				t--
			}
		}
		return v, t
	}
}

// latest gives the latest interactions of each user to test and the ones before to validation. number
// says how many. Users with fewer than three are trained on.
func latest(cell *pipeline.Cell, x artifact.Interactions, part []uint8, number func(n int) (validation, test int)) {
	short, tied, users := 0, 0, 0
	for rows := range x.PerUser() {
		users++
		if len(rows) < 3 {
			short++
			continue
		}
		slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(x.Time[a], x.Time[b]) })
		validation, test := number(len(rows))
		toTestFrom := len(rows) - test
		toValidationFrom := toTestFrom - validation
		for i, row := range rows[toValidationFrom:] {
			part[row] = toValidation
			if i >= validation {
				part[row] = toTest
			}
		}
		same := func(i int) bool { return x.Time[rows[i-1]] == x.Time[rows[i]] }
		if same(toTestFrom) || same(toValidationFrom) {
			tied++
		}
	}
	noteShort(cell, short, users)
	if tied > 0 {
		cell.Note("of %d of %d users, a target is at the same time as an interaction before it; the order of the items decides which of them is later", tied, users)
	}
}

func noteShort(cell *pipeline.Cell, short, users int) {
	if short > 0 {
		cell.Note("%d of %d users have fewer than 3 interactions: they are trained on and have no targets", short, users)
	}
}
