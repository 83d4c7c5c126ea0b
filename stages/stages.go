// Package stages lists every kind of stage. A kind is a value, with its parameters as a
// documented struct. To add one, write a file or folder in a family's folder and add a line to
// All. Nothing else changes.
//
// The families are in the order in which data flows: load, filter, split, train, recommend, encode,
// erase, attack, evaluate, report; and command, which can be any of them. Code that kinds share is in
// internal/: artifact (file formats), training, attributes, classifiers, scores.
//
// # A new recommender
//
// A kind makes an artifact of type "recommender" and can open it again:
//
//   - Run trains the model. If it has epochs, call training.Run with a training.Trainer, which has
//     one method for an epoch, one for the weights, and two to save and restore the state.
//     training.Validation scores an epoch by ranking, training.Order shuffles the data. Without
//     epochs, call checkpoints.Write with the last weights only.
//   - Open reads checkpoints.Read, its Config and its Weights, and returns an
//     artifact.Recommender: the model with a method Scores. If it also is an
//     artifact.LatentRecommender, encode/latents works on it, and then erase/leace,
//     attack/latent-probe and attack/latent-family.
//
// training.json holds the name of the kind. evaluate/ranking, attack/list-family and all other
// consumers find Open by it.
package stages

import (
	"foil/pipeline"
	"foil/stages/attack"
	"foil/stages/attack/images"
	"foil/stages/command"
	"foil/stages/encode"
	"foil/stages/erase"
	"foil/stages/evaluate"
	"foil/stages/filter"
	"foil/stages/load"
	"foil/stages/recommend"
	"foil/stages/report"
	"foil/stages/split"
	"foil/stages/train/advxmultvae"
	"foil/stages/train/bpr"
	"foil/stages/train/classifier"
	"foil/stages/train/ease"
)

// All lists the kinds.
func All() []pipeline.Kind {
	return []pipeline.Kind{
		load.MovieLens1M(),
		load.LFM2b100k(),
		load.LastFM360k(),
		load.CSV(),
		load.Synthetic(),
		load.SyntheticImages(),
		load.OwnImages(),
		load.CIFAR10(),
		load.CIFAR100(),
		load.Classifier(),
		filter.KCore(),
		filter.KnownAttributes(),
		filter.MinRating(),
		filter.LastN(),
		split.UserKFold(),
		split.Temporal(),
		split.LeaveOneOut(),
		split.Random(),
		advxmultvae.Kind(),
		bpr.Kind(),
		ease.Kind(),
		classifier.Kind(),
		recommend.Popularity(),
		encode.Latents(),
		erase.LEACE(),
		attack.LatentProbe(),
		attack.LatentFamily(),
		attack.ListFamily(),
		images.FGSM(),
		images.PGD(),
		images.CW(),
		images.APGD(),
		images.FAB(),
		images.Square(),
		images.Auto(),
		images.Binarization(),
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
