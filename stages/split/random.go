package split

import (
	"context"

	"foil/internal/artifact"
	"foil/models/random"
	"foil/pipeline"
	"foil/spec"
)

// RandomParams are the parameters of split/random.
type RandomParams struct {
	Per        string  `yaml:"per" oneof:"user,all"`
	Validation float64 `yaml:"validation" above:"0" max:"0.9"`
	Test       float64 `yaml:"test" above:"0" max:"0.9"`
	Seed       uint32  `yaml:"seed"`
}

var randomParams = &spec.Params[RandomParams]{
	Defaults: func() RandomParams { return RandomParams{Per: "user", Validation: 0.1, Test: 0.1, Seed: 42} },
	Docs: spec.Docs{
		"per":        "user: a share of the interactions of each user, at least one; all: a share of all interactions",
		"validation": "share of the interactions that are validation targets",
		"test":       "share of the interactions that are test targets",
		"seed":       "seed of the choice, whatever the seed of the experiment",
	},
	Check: func(p *RandomParams, report spec.Reporter) {
		if p.Validation+p.Test > 0.95 {
			report("test", "validation and test together are %v of the interactions; leave some to train on", p.Validation+p.Test)
		}
	},
}

// Random divides interactions at random.
func Random() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "split/random",
		Version: 1,
		Doc: "Divides the interactions of users at random. It does not respect time: " +
			"models also train on what came after the targets, and a note tells how much. " + weakDoc,
		Inputs: []pipeline.Port{{Name: "interactions", Type: artifact.TypeInteractions, Doc: "the interactions to divide"}},
		Output: artifact.TypeSplit,
		Files:  withinUsersFiles,
		Light:  true,
	}, randomParams, pipeline.Work[RandomParams]{Facts: weakFacts[RandomParams], Run: runRandom})
}

func runRandom(_ context.Context, cell *pipeline.Cell, p *RandomParams) error {
	in, err := readTimed(cell, false)
	if err != nil {
		return err
	}
	x := in.Interactions
	part := make([]uint8, x.Len())
	if p.Per == "user" {
		drawn(cell, x, part, p.Seed, "random split", shares(p.Validation, p.Test))
	} else {
		validation, test := int(p.Validation*float64(x.Len())), int(p.Test*float64(x.Len()))
		for i, row := range random.New(uint64(p.Seed), "random split").Perm(x.Len())[:validation+test] {
			part[row] = toTest
			if i >= test {
				part[row] = toValidation
			}
		}
	}
	out, err := withinUsers(cell, in, part)
	if err != nil {
		return err
	}
	return out.Write(cell.Create)
}
