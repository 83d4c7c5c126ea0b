// Package classifier holds the kind train/classifier, which trains image classifiers on clean images
// or against an attack.
package classifier

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/classifiers"
	"foil/internal/training"
	"foil/pipeline"
)

const name = "train/classifier"

// Kind is train/classifier.
func Kind() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    name,
		Version: 4, // 4: the engine
		Doc: "Trains an image classifier on clean images, under attack (FGSM, PGD, TRADES), or against an attacker network that " +
			"is trained with it (L2L, Jiang et al. 2021, section 3). " +
			"Methods with the same seed start from the same weights and see the same batches.",
		Inputs:  []pipeline.Port{{Name: "data", Type: artifact.TypeImages, Doc: "training images, and test images to select the best epoch"}},
		Output:  artifact.TypeClassifier,
		Files:   classifiers.Docs(),
		Draws:   true,
		Numeric: true,
		Cost: pipeline.Cost{
			Times: []string{"epochs", "data/train.arrow"},
			Like:  []string{"method", "network", "batch", "pgd", "trades", "l2l", "select"},
		},
	}, params, pipeline.Work[Params]{
		Facts: func(p *Params, _ map[string]*pipeline.Facts) *pipeline.Facts {
			return &pipeline.Facts{Curves: p.curves()}
		},
		Run: func(ctx context.Context, cell *pipeline.Cell, p *Params) error {
			return training.Run(ctx, cell, p.newTrainer)
		},
	})
}

// Epoch trains on all training images in a new order, and then scores the classifier.
func (t *trainer) Epoch(ctx context.Context, epoch int) (training.Epoch, error) {
	start := time.Now()
	rate := t.params.rate(epoch)
	sum, err := t.pass(ctx, rate)
	if err != nil {
		return training.Epoch{}, err
	}
	middle := time.Now()
	found, err := t.selection.run(ctx)
	if err != nil {
		return training.Epoch{}, fmt.Errorf("selection: %w", err)
	}
	for _, f := range found {
		if !finite(f.loss) {
			return training.Epoch{}, fmt.Errorf("selection: the loss on %s (attack: %s) is %g; lower the rate", t.params.Select.inWords(), f.attack, f.loss)
		}
	}
	return t.report(epoch, rate, sum, t.learner.flat(), found, time.Since(start), time.Since(middle)), nil
}

// pass trains on every image once, and returns the mean losses over the images.
func (t *trainer) pass(ctx context.Context, rate float64) ([]float64, error) {
	sum := make([]float64, len(t.learner.losses()))
	t.batches.order.Shuffle()
	for n, rows := range t.batches.order.Batches(t.batches.size) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		losses, err := t.learner.step(ctx, t.batches.take(rows), rate)
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", n, err)
		}
		share := t.batches.order.Share(rows)
		for l, loss := range losses {
			if !finite(loss) {
				return nil, fmt.Errorf("step %d: the %s is %g; lower the rate", n, inWords(t.learner.losses()[l]), loss)
			}
			sum[l] += share * loss
		}
	}
	return sum, nil
}

// curves are the names of all curves and figures that a training may have.
func (p *Params) curves() []string {
	names := []string{"rate"}
	for _, loss := range []string{lowered, "clean", "adversarial", "attacker"} {
		names = append(names, "train/"+loss)
	}
	for _, turn := range turns {
		names = append(names, flatCurve+turn)
	}
	for _, attack := range []string{clean, pgd, learned} {
		names = append(names, "selection/"+attack+"/accuracy", "selection/"+attack+"/loss")
	}
	names = append(names, learnedCurve)
	return append(names, slices.Sorted(maps.Keys(p.figures()))...)
}

// The curves about attackers: how many gradients were zero in every value on the turns of both
// networks, and what part the attacker has learned, see attackersPart.
const (
	flatCurve    = "train/flat_gradients/"
	learnedCurve = "selection/learned/part"
)

// turns are the names of turns in curves, by l2l.Turn.
var turns = []string{"classifier", "attacker"}

// inWords returns the name of a loss for a sentence.
func inWords(loss string) string {
	if loss == lowered {
		return "loss"
	}
	return loss + " loss"
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// report logs the results of an epoch, and returns them. Durations are only in the log, because
// curves must be the same in every run.
func (t *trainer) report(epoch int, rate float64, losses []float64, flat []int, found []score, took, scoring time.Duration) training.Epoch {
	points := []training.Point{{Name: "rate", Value: rate}}
	line := ""
	for i, name := range t.learner.losses() {
		points = append(points, training.Point{Name: "train/" + name, Value: losses[i]})
		line += fmt.Sprintf(" %s %.4f,", name, losses[i])
	}
	for turn, n := range flat {
		points = append(points, training.Point{Name: flatCurve + turns[turn], Value: float64(n)})
		if n > 0 {
			t.cell.Note("epoch %d: the gradient that the attacker saw was zero in every value %d times on the turns of the %s", epoch, n, turns[turn])
		}
	}
	if part, ok := attackersPart(found); ok {
		points = append(points, training.Point{Name: learnedCurve, Value: part})
	}
	for _, f := range found {
		points = append(points,
			training.Point{Name: "selection/" + f.attack + "/accuracy", Value: f.accuracy},
			training.Point{Name: "selection/" + f.attack + "/loss", Value: f.loss})
		line += fmt.Sprintf(" %s accuracy %.4f (loss %.3f),", f.attack, f.accuracy, f.loss)
	}
	t.cell.Logf("epoch %d:%s rate %.4g, %.1f s", epoch, line, rate, took.Seconds())
	return training.Epoch{
		Score: under(found, pgd), Points: points, Loss: losses[0], Scoring: scoring,
		Message: fmt.Sprintf("accuracy %.3f, attacked %.3f", under(found, clean), under(found, pgd)),
	}
}

// Weights returns the weights of the classifier and of the attacker network, if there is one.
func (t *trainer) Weights() (checkpoints.Weights, error) { return t.learner.tensors() }
