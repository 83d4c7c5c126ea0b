package images

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"foil/internal/artifact"
	"foil/internal/artifact/attacks"
	"foil/models/ascent"
	"foil/models/random"
	"foil/pipeline"
	"foil/spec"
)

// BinarizationParams are the parameters of attack/binarization.
type BinarizationParams struct {
	Common
	Attack    string  `yaml:"attack" oneof:"pgd,apgd,fab,square"`
	PGD       Climb   `yaml:"pgd"`
	Restarts  int     `yaml:"restarts" min:"1" max:"1000"`
	Inner     int     `yaml:"inner" min:"1" max:"100000" unit:"points"`
	Random    int     `yaml:"random" min:"1" max:"100000" unit:"points"`
	Closeness float64 `yaml:"closeness" min:"0" max:"0.9999"`
}

var binarizationParams = &spec.Params[BinarizationParams]{
	Defaults: func() BinarizationParams {
		d := ascent.DefaultBinarization(0)
		p := BinarizationParams{common(), "pgd", climb(), 1, d.Inner, d.Random, d.Closeness}
		p.Images = 100
		return p
	},
	Docs: spec.Docs{
		"attack":    "the attack that is tested: attack/pgd and attack/apgd on the cross-entropy, attack/fab or attack/square. The last three have their defaults.",
		"pgd":       "settings of the attack pgd",
		"restarts":  "number of tries of the attack, each from another start; an image falls if one of them succeeds",
		"inner":     "number of random points inside of the epsilon ball that the readout must tell from the one at its end",
		"random":    "number of points of the random search inside of the ball, and as many at its corners",
		"closeness": "how near to the point at the end the boundary lies; 0: in the middle between it and the nearest point inside",
	},
	Nested: []spec.Described{commonParams, climbParams},
	Settle: func(p *BinarizationParams) {
		if p.Attack != "pgd" {
			p.PGD = Climb{}
		}
	},
	Check: func(p *BinarizationParams, report spec.Reporter) {
		if p.Attack == "pgd" && p.Restarts > 1 && p.PGD.Start == "none" {
			report("restarts", "%d tries from the same start are the same; set pgd.start to uniform or normal, or restarts to 1", p.Restarts)
		}
	},
}

// trusted is the part of the images on which an attack must succeed to pass the test.
const trusted = 0.95

// Binarization is attack/binarization.
func Binarization() pipeline.Kind {
	k := attackKind(pipeline.Kind{
		Name:    "attack/binarization",
		Version: 1,
		Doc: "Tests whether an attack finds misclassified images of a classifier where there are some (the binarization test, Zimmermann et al. 2022). " +
			"For each image, the last layer is replaced by a linear readout of the features that tells random points inside of the epsilon ball from one at its end. " +
			"So there is a misclassified point within epsilon. An attack that misses it on many images cannot show that the classifier is robust. " +
			"The readout is found by linear discriminant analysis and a perceptron; the published code has logistic regression.",
		Draws: true,
		Cost:  pipeline.Cost{Times: []string{"images", "model/last.safetensors"}, Like: []string{"attack", "pgd", "restarts", "inner", "random"}},
	})
	k.Files = []pipeline.FileDoc{
		{Name: artifact.MetricsFile, Doc: "success (the share of the images on which the attack finds the misclassified point), random_success (the same for a random search: " +
			"where it succeeds, the test says little), images (their number) and inseparable (the number of images without a readout, which do not count)"},
		{Name: artifact.OutcomesFile, Doc: "success and random_success of each image; missing for images without a readout"},
	}
	return pipeline.Define(k, binarizationParams, pipeline.Work[BinarizationParams]{
		Facts: func(p *BinarizationParams, _ map[string]*pipeline.Facts) *pipeline.Facts {
			f := &pipeline.Facts{}
			for _, checkpoint := range p.Checkpoints {
				for _, name := range []string{"success", "random_success"} {
					f.Metrics = append(f.Metrics, pipeline.Metric{Name: name, Split: artifact.Test, Checkpoint: checkpoint, Unit: artifact.UnitImage})
				}
				for _, name := range []string{"images", "inseparable"} {
					f.Metrics = append(f.Metrics, pipeline.Metric{Name: name, Split: artifact.Test, Checkpoint: checkpoint})
				}
			}
			return f
		},
		Run: runBinarization,
	})
}

func runBinarization(ctx context.Context, cell *pipeline.Cell, p *BinarizationParams) error {
	g, err := p.gallery(cell)
	if err != nil {
		return err
	}
	var metrics []artifact.Metric
	outcomes := &artifact.Outcomes{}
	for part, checkpoint := range p.Checkpoints {
		v, err := g.open("model", checkpoint)
		if err != nil {
			return err
		}
		t, err := p.test(ctx, v, part)
		if err != nil {
			return fmt.Errorf("%s checkpoint: %w", checkpoint, err)
		}
		t.warn(v)
		metrics = append(metrics, t.metrics(checkpoint)...)
		if err := outcomes.Append(t.outcomes(checkpoint)); err != nil {
			return err
		}
	}
	return artifact.WriteEvaluation(cell.Create, metrics, outcomes)
}

// A tested is the result of the test for one checkpoint: success by image, or NaN.
type tested struct{ found, atRandom []float64 }

// test tests the attack image by image.
func (p *BinarizationParams) test(ctx context.Context, v *victim, part int) (t tested, err error) {
	b := ascent.DefaultBinarization(p.Epsilon)
	b.Inner, b.Random, b.Closeness = p.Inner, p.Random, p.Closeness
	binarizer, err := ascent.NewBinarizer(b, v.Config, v.weights)
	if err != nil {
		return t, err
	}
	n, size := len(v.labels), v.shape.Size()
	for i := range n {
		x := v.pixels[i*size : (i+1)*size]
		draw := random.New(v.cell.Seed, fmt.Sprintf("binarization/image %d", i))
		on, err := binarizer.Around(ctx, x, draw)
		found, atRandom := false, false
		if err == nil {
			atRandom, err = binarizer.AtRandom(ctx, on, x, draw)
		}
		if err == nil {
			found, err = p.finds(ctx, v, on, x, i)
		}
		switch {
		case errors.Is(err, ascent.ErrNotSeparable):
			t.found, t.atRandom = append(t.found, math.NaN()), append(t.atRandom, math.NaN())
		case err != nil:
			return t, fmt.Errorf("image %d: %w", i, err)
		default:
			t.found, t.atRandom = append(t.found, attacks.Indicator(found)), append(t.atRandom, attacks.Indicator(atRandom))
		}
		v.cell.Progress(pipeline.Progress{
			Done: int64(part*n + i + 1), Total: int64(len(p.Checkpoints) * n), Unit: "images", Message: v.checkpoint + " checkpoint",
		})
	}
	return t, nil
}

// finds reports whether the attack finds a misclassified point for image i.
func (p *BinarizationParams) finds(ctx context.Context, v *victim, on *ascent.Target, x []float32, i int) (bool, error) {
	for _, a := range p.attempts(v, on, x, i) {
		attacked, err := a.Attack.Attack(ctx, x, []int32{0}, a.start)
		if err != nil {
			return false, err
		}
		if _, err := within(x, attacked, len(x), p.Epsilon); err != nil {
			return false, err
		}
		logits, err := on.Logits(ctx, attacked)
		if err != nil {
			return false, err
		}
		if ascent.Verdicts(logits, []int32{0})[0].Class == 1 {
			return true, nil
		}
	}
	return false, nil
}

// An attempt is an attack with the point where it starts.
type attempt struct {
	ascent.Attack
	start []float32
}

// attempts lists the tries of PGD. Other attacks make theirs themselves.
func (p *BinarizationParams) attempts(v *victim, on *ascent.Target, x []float32, i int) (all []attempt) {
	seed := v.cell.Seed
	switch p.Attack {
	case "apgd":
		d := ascent.DefaultAPGD(p.Epsilon)
		d.Restarts = p.Restarts
		return []attempt{{on.APGD(d, seed).From(i), x}}
	case "fab":
		d := ascent.DefaultFAB(p.Epsilon)
		d.Restarts = p.Restarts
		return []attempt{{on.FAB(d, 1, seed).From(i), x}}
	case "square":
		d := ascent.DefaultSquare(p.Epsilon)
		d.Restarts = p.Restarts
		return []attempt{{on.Square(d, seed).From(i), x}}
	}
	climb := on.PGD(ascent.PGD{Steps: p.PGD.Steps, Step: p.PGD.Step, Epsilon: p.Epsilon})
	for try := range p.Restarts {
		start := slices.Clone(x)
		if noise := p.PGD.noise(); noise != nil {
			noise(p.Epsilon)(random.New(seed, fmt.Sprintf("start/%d/image %d", try, i)), start)
			for j, pixel := range x {
				start[j] += pixel
			}
		}
		all = append(all, attempt{climb, start})
	}
	return all
}

// mean is that of the images with a readout; NaN without any.
func (t tested) mean(values []float64) float64 {
	var sum, n float64
	for _, v := range values {
		if !math.IsNaN(v) {
			sum, n = sum+v, n+1
		}
	}
	return sum / n
}

func (t tested) inseparable() (n int) {
	for _, v := range t.found {
		if math.IsNaN(v) {
			n++
		}
	}
	return n
}

// warn notes what the test says about the attack.
func (t tested) warn(v *victim) {
	without, all := t.inseparable(), len(t.found)
	if without > 0 {
		v.cell.Note("%s checkpoint: %d of %d images have no readout that separates the points, so they do not count; fewer inner points may help", v.checkpoint, without, all)
	}
	if found := t.mean(t.found); found < trusted {
		v.cell.Note("%s checkpoint: the attack fails the binarization test: it finds a misclassified point for %.4f of the images, and %.2f are needed. "+
			"It is too weak, or the network leads it astray", v.checkpoint, found, trusted)
	}
	if atRandom := t.mean(t.atRandom); atRandom > 0.5 {
		v.cell.Note("%s checkpoint: a random search finds a misclassified point for %.4f of the images, so the test says little; a larger closeness makes it harder", v.checkpoint, atRandom)
	}
}

func (t tested) metrics(checkpoint string) (metrics []artifact.Metric) {
	without := t.inseparable()
	if without < len(t.found) { // a share of nothing is missing
		metrics = append(metrics,
			artifact.Metric{Name: "success", Value: t.mean(t.found)},
			artifact.Metric{Name: "random_success", Value: t.mean(t.atRandom)})
	}
	metrics = append(metrics,
		artifact.Metric{Name: "images", Value: float64(len(t.found))},
		artifact.Metric{Name: "inseparable", Value: float64(without)})
	for i := range metrics {
		metrics[i].Split, metrics[i].Checkpoint = artifact.Test, checkpoint
	}
	return metrics
}

func (t tested) outcomes(checkpoint string) *artifact.Outcomes {
	o := &artifact.Outcomes{
		Unit:   artifact.UnitImage,
		Parts:  []artifact.OutcomePart{{Split: artifact.Test, Checkpoint: checkpoint, Rows: len(t.found)}},
		Series: []artifact.OutcomeSeries{{Name: "success", Values: slices.Clone(t.found)}, {Name: "random_success", Values: slices.Clone(t.atRandom)}},
	}
	for i := range t.found {
		o.Units = append(o.Units, int32(i))
	}
	return o
}
