package images

import (
	"context"
	"fmt"
	"io"

	"foil/internal/tables"
	"foil/models/l2l"
	"foil/pipeline"
)

// A plan is how a kind attacks a victim.
type plan struct {
	tries int
	// make gives the attack for an epsilon, which is that of the parameters but for
	// the check of what zero does.
	make func(v *victim, epsilon float64) (l2l.Attack, error)
	// start names where a try starts; empty: at the images.
	start string
	// shorter is the same attack with one step, where it has steps.
	shorter func(v *victim) l2l.Attack
}

// attackKind fills in what all kinds of attacks have in common.
func attackKind(k pipeline.Kind, run func(ctx context.Context, cell *pipeline.Cell) error) pipeline.Kind {
	k.Version = 1
	k.Inputs = append([]pipeline.Port{
		{Name: "model", Type: tables.TypeClassifier, Doc: "the classifier under attack"},
		{Name: "data", Type: tables.TypeImages, Doc: "the images that it was trained on; the test images are attacked"},
	}, k.Inputs...)
	k.Output = tables.TypeMetrics
	k.Files = []pipeline.FileDoc{
		{Name: tables.MetricsFile, Doc: "accuracy and loss under attack, accuracy_clean and loss_clean before, images (how many)"},
		{Name: tables.OutcomesFile, Doc: "for each image: row number, label, what it is taken for before and after, largest change, loss after"},
	}
	k.Numeric = true
	k.Run = run
	return k
}

// run attacks the checkpoints one after the other and writes what comes of it.
func (c *Common) run(ctx context.Context, cell *pipeline.Cell, p plan) error {
	var metrics []tables.Metric
	var outcomes []tables.Outcome
	for _, checkpoint := range c.Checkpoints {
		v, err := c.open(cell, checkpoint)
		if err != nil {
			return err
		}
		found, clean, err := p.attack(ctx, v, c.Epsilon)
		if err != nil {
			return fmt.Errorf("attack on the %s checkpoint: %w", checkpoint, err)
		}
		outcomes = append(outcomes, found...)
		metrics = append(metrics, summary(checkpoint, found, clean)...)
		cell.Logf("%s checkpoint: accuracy %.4f, under attack %.4f", checkpoint, share(found, right), share(found, tables.Outcome.Stood))
	}
	err := tables.WriteFile(cell.Create, tables.MetricsFile, func(w io.Writer) error { return tables.WriteMetrics(w, metrics) })
	if err != nil {
		return err
	}
	return tables.WriteFile(cell.Create, tables.OutcomesFile, func(w io.Writer) error { return tables.WriteOutcomes(w, outcomes) })
}

// attack makes every try on all images, and keeps the worst for each: a wrong class,
// and among wrong or right ones the largest loss.
func (p plan) attack(ctx context.Context, v *victim, epsilon float64) (out []tables.Outcome, clean []l2l.Verdict, err error) {
	if clean, err = v.judge(ctx, v.pixels); err != nil {
		return nil, nil, err
	}
	if err := p.sane(ctx, v, clean); err != nil {
		return nil, nil, err
	}
	attack, err := p.make(v, epsilon)
	if err != nil {
		return nil, nil, err
	}
	for try := range p.tries {
		start := p.noise(v, epsilon, try)
		attacked, err := attack.Attack(ctx, v.pixels, v.labels, start)
		if err != nil {
			return nil, nil, err
		}
		changes, err := within(v.pixels, attacked, v.size(), epsilon)
		if err != nil {
			return nil, nil, err
		}
		verdicts, err := v.judge(ctx, attacked)
		if err != nil {
			return nil, nil, err
		}
		if try == 0 && p.shorter != nil {
			if err := p.stronger(ctx, v, start, verdicts); err != nil {
				return nil, nil, err
			}
		}
		out = worst(out, v, clean, verdicts, changes)
		v.cell.Progress(pipeline.Progress{Done: int64(try + 1), Total: int64(p.tries), Unit: "tries", Message: v.checkpoint + " checkpoint"})
	}
	return out, clean, nil
}

func (p plan) noise(v *victim, epsilon float64, try int) []float32 {
	if p.start == "" || p.start == "none" {
		return nil
	}
	return v.start(p.start, epsilon, try)
}

func worst(out []tables.Outcome, v *victim, clean, now []l2l.Verdict, changes []float64) []tables.Outcome {
	first := out == nil
	for i, verdict := range now {
		next := tables.Outcome{
			Checkpoint: v.checkpoint, Image: int32(i), Label: v.labels[i],
			Clean: clean[i].Class, Attacked: verdict.Class, Change: changes[i], Loss: verdict.Loss,
		}
		switch {
		case first:
			out = append(out, next)
		case next.Stood() != out[i].Stood():
			if out[i].Stood() {
				out[i] = next
			}
		case next.Loss > out[i].Loss:
			out[i] = next
		}
	}
	return out
}

func right(o tables.Outcome) bool { return o.Clean == o.Label }

func share(outcomes []tables.Outcome, f func(tables.Outcome) bool) float64 {
	n := 0
	for _, o := range outcomes {
		if f(o) {
			n++
		}
	}
	return float64(n) / float64(len(outcomes))
}

func summary(checkpoint string, outcomes []tables.Outcome, clean []l2l.Verdict) []tables.Metric {
	var loss, before float64
	for i, o := range outcomes {
		loss += o.Loss
		before += clean[i].Loss
	}
	n := float64(len(outcomes))
	metrics := []tables.Metric{
		{Name: "accuracy", Value: share(outcomes, tables.Outcome.Stood)},
		{Name: "accuracy_clean", Value: share(outcomes, right)},
		{Name: "loss", Value: loss / n},
		{Name: "loss_clean", Value: before / n},
		{Name: "images", Value: n},
	}
	for i := range metrics {
		metrics[i].Split, metrics[i].Checkpoint = tables.Test, checkpoint
	}
	return metrics
}
