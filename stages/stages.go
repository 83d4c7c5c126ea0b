// Package stages names every kind of stage that there is. A kind is a value
// with its parameters as a documented struct; adding one is a file in a family's
// folder and a line here.
//
// The families stand in the order in which data flows: load, filter, split,
// train, encode, attack, evaluate, report; and command, which is any of them.
package stages

import (
	"foil/pipeline"
	"foil/stages/attack"
	"foil/stages/attack/images"
	"foil/stages/command"
	"foil/stages/encode"
	"foil/stages/evaluate"
	"foil/stages/filter"
	"foil/stages/load"
	"foil/stages/report"
	"foil/stages/split"
	"foil/stages/train/advxmultvae"
	"foil/stages/train/classifier"
)

// All lists the kinds.
func All() []pipeline.Kind {
	return []pipeline.Kind{
		load.MovieLens1M(),
		load.LFM2b100k(),
		load.Synthetic(),
		load.SyntheticImages(),
		load.CIFAR10(),
		load.CIFAR100(),
		load.Classifier(),
		filter.KCore(),
		filter.KnownAttributes(),
		split.UserKFold(),
		advxmultvae.Kind(),
		classifier.Kind(),
		encode.Latents(),
		attack.LatentProbe(),
		images.FGSM(),
		images.PGD(),
		images.CW(),
		images.Transfer(),
		images.Learned(),
		evaluate.Ranking(),
		evaluate.Training(),
		evaluate.Strongest(),
		report.Table(),
		report.Figure(),
		command.Command(),
	}
}
