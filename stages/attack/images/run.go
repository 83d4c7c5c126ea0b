package images

import (
	"context"
	"fmt"
	"strings"

	"foil/internal/artifact"
	"foil/internal/artifact/attacks"
	"foil/models/ascent"
	"foil/pipeline"
)

// attackKind sets the fields that all attacks have in common. Each attack has its own Version. A
// change of shared code, such as the rules or the metrics, must raise the Version of every attack
// whose output it changes. metrics documents more metrics.
func attackKind(k pipeline.Kind, metrics ...string) pipeline.Kind {
	k.Inputs = append([]pipeline.Port{
		{Name: "model", Type: artifact.TypeClassifier, Doc: "the classifier under attack"},
		{Name: "data", Type: artifact.TypeImages, Doc: "the images that the classifier was trained on; their test images are attacked"},
	}, k.Inputs...)
	k.Output = artifact.TypeMetrics
	k.Files = attacks.Docs(strings.Join(append([]string{"accuracy and loss under attack, over all images; accuracy_clean and loss_clean without an attack; " +
		"success (the share of correctly classified images that the attack makes misclassified; missing if there are none); " +
		"change (the largest change of a pixel, averaged over the images); images (their number)"}, metrics...), "; "))
	k.Numeric = true
	k.Cost.Times = append(k.Cost.Times, "data/test.arrow")
	k.Cost.Like = append(k.Cost.Like, "images", "checkpoints")
	return k
}

// factsOf lists the metrics of attacks one after the other, by their names.
func (c *Common) factsOf(names []string) *pipeline.Facts {
	f := c.facts(0)
	for _, checkpoint := range c.Checkpoints {
		for _, name := range names {
			for _, metric := range []string{"accuracy", "success"} {
				f.Metrics = append(f.Metrics, pipeline.Metric{Name: metric, Group: name, Split: artifact.Test, Checkpoint: checkpoint, Unit: artifact.UnitImage})
			}
		}
	}
	return f
}

// facts lists the metrics of an attack that is scored after some numbers of steps; 0: it does not
// count steps.
func (c *Common) facts(steps ...int) *pipeline.Facts {
	f := &pipeline.Facts{}
	for _, checkpoint := range c.Checkpoints {
		m := pipeline.Metric{Split: artifact.Test, Checkpoint: checkpoint, Unit: artifact.UnitImage}
		for _, m.K = range steps {
			for _, m.Name = range []string{"accuracy", "success", "loss", "change"} {
				f.Metrics = append(f.Metrics, m)
			}
		}
		m.K = 0
		for _, m.Name = range []string{"accuracy_clean", "loss_clean"} {
			f.Metrics = append(f.Metrics, m)
		}
		m.Name, m.Unit = "images", ""
		f.Metrics = append(f.Metrics, m)
	}
	return f
}

// run attacks the checkpoints one after the other, with the plans that ready returns, and writes
// the results.
func (c *Common) run(ctx context.Context, cell *pipeline.Cell, ready func(v *victim) (plan, error)) error {
	g, err := c.gallery(cell)
	if err != nil {
		return err
	}
	result := attacks.Result{Attack: attacks.Attack{
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
		if err := result.Add(run.last(), run.series()...); err != nil {
			return err
		}
		result.Metrics = append(result.Metrics, run.metrics()...)
		cell.Logf("%s checkpoint: accuracy %.4f, under attack %.4f", checkpoint, share(run.last(), attacks.Outcome.WasRight), share(run.last(), attacks.Outcome.Right))
	}
	return attacks.Write(cell.Create, result)
}

// An attackRun is the attack on one checkpoint.
type attackRun struct {
	plan
	*victim
	epsilon     float64
	part, parts int // number of the checkpoint and of all checkpoints, for the progress

	clean    []ascent.Verdict
	legs     []leg
	outcomes [][]attacks.Outcome // by leg: the worst outcomes of the tries so far
}

// attack runs every try on all images, checks the rules, and keeps the worst outcome of each image.
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
	if r.legs, err = r.build(r.epsilon); err != nil {
		return err
	}
	for try := range r.tries {
		if err := r.try(ctx, try); err != nil {
			return err
		}
	}
	if err := unmoved(r.weights, before); err != nil {
		return err
	}
	return r.warn(ctx)
}

// try attacks all images from one start.
func (r *attackRun) try(ctx context.Context, try int) error {
	start := r.begin(r.gallery, r.pixels, try, r.epsilon)
	ends, err := r.through(ctx, r.gallery, r.legs, r.pixels, r.labels, start, func(images int) { r.report(try, images) })
	if err != nil {
		return err
	}
	var outcomes [][]attacks.Outcome
	for _, attacked := range ends {
		o, err := r.look(ctx, attacked)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, o)
	}
	if r.climbs {
		if err := r.stronger(outcomes); err != nil {
			return err
		}
	}
	for l := range r.outcomes { // of earlier tries
		for i, before := range r.outcomes[l] {
			if !outcomes[l][i].Worse(before) {
				outcomes[l][i] = before
			}
		}
	}
	r.outcomes = outcomes
	return nil
}

// look returns the outcomes for attacked images, and checks the rules.
func (r *attackRun) look(ctx context.Context, attacked []float32) ([]attacks.Outcome, error) {
	changes, err := within(r.pixels, attacked, r.shape.Size(), r.epsilon)
	if err != nil {
		return nil, err
	}
	verdicts, err := r.judge(ctx, attacked)
	if err != nil {
		return nil, err
	}
	outcomes := make([]attacks.Outcome, len(verdicts))
	for i, v := range verdicts {
		outcomes[i] = attacks.Outcome{
			Checkpoint: r.checkpoint, Image: int32(i), Label: r.labels[i],
			Clean: r.clean[i].Class, Attacked: v.Class, Change: changes[i], Loss: v.Loss,
		}
	}
	return outcomes, nil
}

func (r *attackRun) report(try, images int) {
	all := len(r.labels)
	r.cell.Progress(pipeline.Progress{
		Done: int64((r.part*r.tries+try)*all + images), Total: int64(r.parts * r.tries * all), Unit: "images",
		Message: r.checkpoint + " checkpoint",
	})
}

// last returns the outcomes at the end of the attack.
func (r *attackRun) last() []attacks.Outcome { return r.outcomes[len(r.outcomes)-1] }

// share returns the share of the outcomes that have a property.
func share(outcomes []attacks.Outcome, has func(attacks.Outcome) bool) float64 {
	n := 0
	for _, o := range outcomes {
		if has(o) {
			n++
		}
	}
	return float64(n) / float64(len(outcomes))
}

// A result is the state of an attack that its metrics and series are about.
type result struct {
	group    string // an attack; "": all
	k        int    // steps of the attack; 0: it does not count steps
	outcomes []attacks.Outcome
}

// results lists the ends of the legs that are shown, and the end of all, if they have names.
func (r *attackRun) results() (all []result) {
	for i, l := range r.legs {
		if l.shown {
			all = append(all, result{l.name, l.steps, r.outcomes[i]})
		}
	}
	if r.legs[len(r.legs)-1].name != "" {
		all = append(all, result{outcomes: r.last()})
	}
	return all
}

func (r *attackRun) metrics() (metrics []artifact.Metric) {
	n := float64(len(r.clean))
	clean := share(r.last(), attacks.Outcome.WasRight)
	before := 0.0
	for _, v := range r.clean {
		before += v.Loss / n
	}
	for _, at := range r.results() {
		var loss, change float64
		for _, o := range at.outcomes {
			loss += o.Loss / n
			change += o.Change / n
		}
		metrics = append(metrics, artifact.Metric{Name: "accuracy", Value: share(at.outcomes, attacks.Outcome.Right), K: at.k, Group: at.group})
		if clean > 0 { // a share of nothing is missing
			success := 1 - share(at.outcomes, attacks.Outcome.Stood)/clean
			metrics = append(metrics, artifact.Metric{Name: "success", Value: success, K: at.k, Group: at.group})
		}
		if at.group == "" {
			metrics = append(metrics,
				artifact.Metric{Name: "loss", Value: loss, K: at.k},
				artifact.Metric{Name: "change", Value: change, K: at.k})
		}
	}
	metrics = append(metrics,
		artifact.Metric{Name: "accuracy_clean", Value: clean},
		artifact.Metric{Name: "loss_clean", Value: before},
		artifact.Metric{Name: "images", Value: n})
	for i := range metrics {
		metrics[i].Split, metrics[i].Checkpoint = artifact.Test, r.checkpoint
	}
	return metrics
}

// series returns the values of each image that the metrics are means of. At the end of an attack
// that does not count steps, loss and change are part of the verdict.
func (r *attackRun) series() []artifact.OutcomeSeries {
	of := func(name string, at result, value func(o attacks.Outcome) float64) artifact.OutcomeSeries {
		s := artifact.OutcomeSeries{Name: name, Group: at.group, K: at.k}
		for _, o := range at.outcomes {
			s.Values = append(s.Values, value(o))
		}
		return s
	}
	var all []artifact.OutcomeSeries
	for _, at := range r.results() {
		all = append(all,
			of("accuracy", at, func(o attacks.Outcome) float64 { return attacks.Indicator(o.Right()) }),
			of("success", at, attacks.Outcome.Success))
		if at.k > 0 {
			all = append(all,
				of("loss", at, func(o attacks.Outcome) float64 { return o.Loss }),
				of("change", at, func(o attacks.Outcome) float64 { return o.Change }))
		}
	}
	before := artifact.OutcomeSeries{Name: "loss_clean"}
	for _, v := range r.clean {
		before.Values = append(before.Values, v.Loss)
	}
	return append(all, of("accuracy_clean", result{outcomes: r.last()}, func(o attacks.Outcome) float64 { return attacks.Indicator(o.WasRight()) }), before)
}
