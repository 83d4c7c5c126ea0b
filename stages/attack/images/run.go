package images

import (
	"context"
	"fmt"
	"slices"

	"foil/internal/tables"
	"foil/models/l2l"
	"foil/pipeline"
	"foil/stages/attackfile"
)

// attackKind fills in what all kinds of attacks have in common.
func attackKind(k pipeline.Kind) pipeline.Kind {
	k.Version = 2
	k.Inputs = append([]pipeline.Port{
		{Name: "model", Type: tables.TypeClassifier, Doc: "the classifier under attack"},
		{Name: "data", Type: tables.TypeImages, Doc: "the images that it was trained on; the test images are attacked"},
	}, k.Inputs...)
	k.Output = tables.TypeMetrics
	k.Files = attackfile.Docs("accuracy and loss under attack; accuracy_clean and loss_clean before; success, the share of the images " +
		"taken for what they are that no longer are so; change, the mean over the images of a pixel's largest change; images (how many)")
	k.Numeric = true
	return k
}

// run attacks the checkpoints one after the other, each as its kind plans it, and
// writes what comes of it.
func (c *Common) run(ctx context.Context, cell *pipeline.Cell, ready func(v *victim) (plan, error)) error {
	g, err := c.gallery(cell)
	if err != nil {
		return err
	}
	result := attackfile.Result{Attack: attackfile.Attack{
		Epsilon: c.Epsilon, Model: cell.Inputs["model"].Digest(), Data: cell.Inputs["data"].Digest(),
	}}
	for i, checkpoint := range c.Checkpoints {
		v, err := g.open("model", checkpoint)
		if err != nil {
			return err
		}
		p, err := ready(v)
		if err != nil {
			return err
		}
		run := attackRun{plan: p, victim: v, epsilon: c.Epsilon, part: i, parts: len(c.Checkpoints)}
		if err := run.attack(ctx); err != nil {
			return fmt.Errorf("attack on the %s checkpoint: %w", checkpoint, err)
		}
		result.Outcomes = append(result.Outcomes, run.outcomes...)
		result.Metrics = append(result.Metrics, run.metrics()...)
		cell.Logf("%s checkpoint: accuracy %.4f, under attack %.4f", checkpoint, share(run.outcomes, right), share(run.outcomes, tables.Outcome.Stood))
	}
	return attackfile.Write(cell.Create, result)
}

// An attackRun is the attack on one checkpoint.
type attackRun struct {
	plan
	*victim
	epsilon     float64
	part, parts int // of the cell, for the progress

	clean    []l2l.Verdict
	outcomes []tables.Outcome // the worst of the tries so far
}

// attack makes every try on all images, holds it to the rules, and keeps the worst
// outcome of each image.
func (r *attackRun) attack(ctx context.Context) (err error) {
	before, err := fingerprints(r.weights)
	if err != nil {
		return err
	}
	if err := r.independent(ctx); err != nil {
		return err
	}
	if r.clean, err = r.judge(ctx, r.pixels); err != nil {
		return err
	}
	if err := r.harmlessAtZero(ctx); err != nil {
		return err
	}
	a, err := r.make(r.epsilon)
	if err != nil {
		return err
	}
	for try := range r.tries {
		if err := r.try(ctx, a, try); err != nil {
			return err
		}
	}
	return unmoved(r.weights, before)
}

func (r *attackRun) try(ctx context.Context, a l2l.Attack, try int) error {
	start := r.noise(r.gallery, len(r.pixels), try, r.epsilon)
	attacked, err := r.on(ctx, r.gallery, a, r.pixels, r.labels, start, func(images int) { r.report(try, images) })
	if err != nil {
		return err
	}
	changes, err := within(r.pixels, attacked, r.shape.Size(), r.epsilon)
	if err != nil {
		return err
	}
	verdicts, err := r.judge(ctx, attacked)
	if err != nil {
		return err
	}
	if try == 0 && r.shorter != nil {
		if err := r.stronger(ctx, start, verdicts); err != nil {
			return err
		}
	}
	outcomes := make([]tables.Outcome, len(verdicts))
	for i, v := range verdicts {
		outcomes[i] = tables.Outcome{
			Checkpoint: r.checkpoint, Image: int32(i), Label: r.labels[i],
			Clean: r.clean[i].Class, Attacked: v.Class, Change: changes[i], Loss: v.Loss,
		}
		if try > 0 && !attackfile.Worse(outcomes[i], r.outcomes[i]) {
			outcomes[i] = r.outcomes[i]
		}
	}
	r.outcomes = outcomes
	return nil
}

func (r *attackRun) report(try, images int) {
	all := len(r.labels)
	r.cell.Progress(pipeline.Progress{
		Done: int64((r.part*r.tries+try)*all + images), Total: int64(r.parts * r.tries * all), Unit: "images",
		Message: r.checkpoint + " checkpoint",
	})
}

func right(o tables.Outcome) bool { return o.Clean == o.Label }

func share(outcomes []tables.Outcome, f func(tables.Outcome) bool) float64 {
	n := len(slices.DeleteFunc(slices.Clone(outcomes), func(o tables.Outcome) bool { return !f(o) }))
	return float64(n) / float64(len(outcomes))
}

func (r *attackRun) metrics() []tables.Metric {
	var loss, before, change float64
	n := float64(len(r.outcomes))
	for i, o := range r.outcomes {
		loss += o.Loss / n
		before += r.clean[i].Loss / n
		change += o.Change / n
	}
	clean, stood := share(r.outcomes, right), share(r.outcomes, tables.Outcome.Stood)
	success := 0.0 // where there was nothing to take away
	if clean > 0 {
		success = 1 - stood/clean
	}
	metrics := []tables.Metric{
		{Name: "accuracy", Value: stood},
		{Name: "accuracy_clean", Value: clean},
		{Name: "success", Value: success},
		{Name: "loss", Value: loss},
		{Name: "loss_clean", Value: before},
		{Name: "change", Value: change},
		{Name: "images", Value: n},
	}
	for i := range metrics {
		metrics[i].Split, metrics[i].Checkpoint = tables.Test, r.checkpoint
	}
	return metrics
}
