// Package classifier holds the stage that trains image classifiers, on clean images
// or against an attack.
package classifier

import (
	"context"
	"fmt"
	"math"
	"time"

	"foil/internal/artifact"
	"foil/internal/checkpoint"
	"foil/pipeline"
	"foil/stages/classifierfile"
)

// Kind is train/classifier.
func Kind() pipeline.Kind {
	return pipeline.Kind{
		Name:    "train/classifier",
		Version: 2,
		Doc: "Trains an image classifier on clean images, under attack (FGSM, PGD, TRADES), or against an attacker that " +
			"learns with it (L2L, Jiang et al. 2021, section 3). " +
			"Methods with the same seed start from the same weights and see the same batches.",
		Inputs:  []pipeline.Port{{Name: "data", Type: artifact.TypeImages, Doc: "training images, and test images for the selection"}},
		Output:  artifact.TypeClassifier,
		Files:   classifierfile.Docs,
		Params:  defaults,
		Draws:   true,
		Numeric: true,
		Run:     run,
	}
}

func run(ctx context.Context, cell *pipeline.Cell) error {
	t, first, err := begin(cell)
	if err != nil {
		return err
	}
	pace := checkpoint.NewPace(time.Now(), cell.CheckpointEvery)
	var training, selecting time.Duration
	for epoch := first; epoch <= t.params.Epochs; epoch++ {
		spent, err := t.epoch(ctx, epoch)
		if err != nil {
			return fmt.Errorf("epoch %d: %w", epoch, err)
		}
		training, selecting = training+spent[0], selecting+spent[1]
		if epoch < t.params.Epochs {
			pace.Run(func() { t.save(epoch) })
		}
	}
	if here := time.Duration(t.params.Epochs - first + 1); here > 0 {
		cell.Time("epoch", training/here)
		cell.Time("selection", selecting/here)
	}
	return t.write()
}

// epoch passes once over the training images in a new order, scores the classifier,
// and keeps the weights if no epoch was better. It tells how long training and
// scoring took.
func (t *training) epoch(ctx context.Context, epoch int) (spent [2]time.Duration, err error) {
	start := time.Now()
	rate := t.params.rate(epoch)
	sum, err := t.pass(ctx, rate)
	if err != nil {
		return spent, err
	}
	middle := time.Now()
	found, err := t.selection.run(ctx)
	if err != nil {
		return spent, fmt.Errorf("selection: %w", err)
	}
	for _, f := range found {
		if !finite(f.loss) {
			return spent, fmt.Errorf("selection: the loss on test images (attack: %s) is %g: lower the rate", f.attack, f.loss)
		}
	}
	spent = [2]time.Duration{middle.Sub(start), time.Since(middle)}
	if t.bestEpoch == 0 || under(found, pgd) >= t.bestScore {
		t.bestEpoch, t.bestScore = epoch, under(found, pgd)
		if t.best, err = t.learner.tensors(); err != nil {
			return spent, err
		}
	}
	t.record(epoch, rate, sum, found, time.Since(start))
	return spent, nil
}

// pass trains on every image once, and gives the losses' means over the images.
func (t *training) pass(ctx context.Context, rate float64) ([]float64, error) {
	sum := make([]float64, len(t.learner.losses()))
	t.batches.begin()
	for i := range t.batches.number() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := t.batches.take(i)
		if err != nil {
			return nil, err
		}
		losses, err := t.learner.step(b, rate)
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", i+1, err)
		}
		share := float64(b.images.Shape().Dim(0)) / float64(len(t.batches.order))
		for l, loss := range losses {
			if !finite(loss) {
				return nil, fmt.Errorf("step %d: the %s is %g: lower the rate", i+1, inWords(t.learner.losses()[l]), loss)
			}
			sum[l] += share * loss
		}
		if err := b.release(); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// inWords is what a loss is called in a sentence: the one that is lowered is just that.
func inWords(loss string) string {
	if loss == lowered {
		return "loss"
	}
	return loss + " loss"
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// record adds the epoch to the curves and tells how it went. How long it took is said
// in the log alone: curves are the same in every run.
func (t *training) record(epoch int, rate float64, losses []float64, found []score, took time.Duration) {
	point := func(name string, v float64) {
		t.curves = append(t.curves, artifact.Point{Epoch: epoch, Name: name, Value: v})
	}
	point("rate", rate)
	line := ""
	for i, name := range t.learner.losses() {
		point("train/"+name, losses[i])
		line += fmt.Sprintf(" %s %.4f,", name, losses[i])
	}
	for _, f := range found {
		point("selection/"+f.attack+"/accuracy", f.accuracy)
		point("selection/"+f.attack+"/loss", f.loss)
		line += fmt.Sprintf(" %s accuracy %.4f (loss %.3f),", f.attack, f.accuracy, f.loss)
	}
	t.cell.Logf("epoch %d:%s rate %.4g, %.1f s", epoch, line, rate, took.Seconds())
	t.cell.Progress(pipeline.Progress{
		Done: int64(epoch), Total: int64(t.params.Epochs), Unit: "epochs",
		Message: fmt.Sprintf("accuracy %.3f, attacked %.3f", under(found, clean), under(found, pgd)), Loss: losses[0],
	})
}

func (t *training) write() error {
	last, err := t.learner.tensors()
	if err != nil {
		return err
	}
	p := t.params
	return classifierfile.Write(t.cell.Create, classifierfile.Classifier{
		Config: classifierfile.Config{
			Network: p.Network, Image: t.batches.shape, Classes: t.classes, Method: p.Method, Game: p.game(),
			Passes:    p.passes(),
			BestEpoch: t.bestEpoch, LastEpoch: p.Epochs, BestScore: t.bestScore,
			SelectedBy: fmt.Sprintf("accuracy on %d test images under PGD-%d", t.selection.len(), p.Select.Steps),
			Data:       t.cell.Inputs["data"].Digest(),
		},
		Best: t.best, Last: last, Curves: t.curves,
	})
}
