package split

import (
	"context"

	"foil/internal/artifact"
	"foil/models/random"
	"foil/pipeline"
	"foil/spec"
)

// LeaveOneOutParams are the parameters of split/leave-one-out.
type LeaveOneOutParams struct {
	By   string `yaml:"by" oneof:"time,random"`
	Seed uint32 `yaml:"seed"`
}

var leaveOneOutParams = &spec.Params[LeaveOneOutParams]{
	Defaults: func() LeaveOneOutParams { return LeaveOneOutParams{By: "time", Seed: 42} },
	Docs: spec.Docs{
		"by":   "time: the last interaction of a user is the test target, the one before it the validation target; random: any two",
		"seed": "seed of the choice, with by: random",
	},
	Settle: func(p *LeaveOneOutParams) {
		if p.By == "time" {
			p.Seed = 0
		}
	},
}

// LeaveOneOut leaves out one interaction of each user for test, and one for validation.
func LeaveOneOut() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "split/leave-one-out",
		Version: 1,
		Doc: "Leaves out one interaction of each user for test and one for validation. " +
			"Interactions of other users may be later than a target; a note tells how many. " + weakDoc,
		Inputs: []pipeline.Port{{Name: "interactions", Type: artifact.TypeInteractions, Doc: "the interactions to divide; with times, unless by is random"}},
		Output: artifact.TypeSplit,
		Files:  withinUsersFiles,
		Light:  true,
	}, leaveOneOutParams, pipeline.Work[LeaveOneOutParams]{Facts: weakFacts[LeaveOneOutParams], Run: runLeaveOneOut})
}

func runLeaveOneOut(_ context.Context, cell *pipeline.Cell, p *LeaveOneOutParams) error {
	in, err := readTimed(cell, p.By == "time")
	if err != nil {
		return err
	}
	x := in.Interactions
	part := make([]uint8, x.Len())
	one := func(int) (int, int) { return 1, 1 }
	if p.By == "time" {
		latest(cell, x, part, one)
	} else {
		drawn(cell, x, part, p.Seed, "leave one out", one)
	}
	out, err := withinUsers(cell, in, part)
	if err != nil {
		return err
	}
	return out.Write(cell.Create)
}

// drawn draws interactions of each user for test and validation. Users with fewer than three are
// trained on.
func drawn(cell *pipeline.Cell, x artifact.Interactions, part []uint8, seed uint32, purpose string, number func(n int) (validation, test int)) {
	r := random.New(uint64(seed), purpose)
	short, users := 0, 0
	for rows := range x.PerUser() {
		users++
		if len(rows) < 3 {
			short++
			continue
		}
		validation, test := number(len(rows))
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for i, row := range rows[:validation+test] {
			part[row] = toTest
			if i >= test {
				part[row] = toValidation
			}
		}
	}
	noteShort(cell, short, users)
}
