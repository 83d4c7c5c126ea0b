package images

import (
	"context"
	"fmt"
	"math"

	"foil/models/l2l"
)

// The rules that every attack is held to. A cell that breaks one fails: its numbers
// would not mean what they say.

// within returns the largest change of every image. None may be larger than epsilon,
// and no pixel may leave [0, 1].
func within(x, attacked []float32, size int, epsilon float64) ([]float64, error) {
	if len(x) != len(attacked) {
		return nil, fmt.Errorf("the attack gives %d values for %d", len(attacked), len(x))
	}
	const rounding = 1.0 / (1 << 22) // of sums of float32 near 1
	changes := make([]float64, len(x)/size)
	for i, v := range attacked {
		change := math.Abs(float64(v) - float64(x[i]))
		switch {
		case !(v >= 0 && v <= 1):
			return nil, fmt.Errorf("the attack takes a pixel of image %d to %g, out of [0, 1]", i/size, v)
		case change > epsilon+rounding:
			return nil, fmt.Errorf("the attack changes a pixel of image %d by %g, more than epsilon, %g", i/size, change, epsilon)
		}
		changes[i/size] = max(changes[i/size], change)
	}
	return changes, nil
}

// sane checks, on a few images, that an attack that may change nothing changes
// nothing, and that what the classifier says of an image does not depend on those
// beside it, as it would in training mode.
func (p plan) sane(ctx context.Context, v *victim, clean []l2l.Verdict) error {
	few := min(len(v.labels), 4)
	x, labels := v.pixels[:few*v.size()], v.labels[:few]
	attack, err := p.make(v, 0)
	if err != nil {
		return err
	}
	var start []float32
	if noise := p.noise(v, 0, 0); noise != nil {
		start = noise[:len(x)]
	}
	attacked, err := attack.Attack(ctx, x, labels, start)
	if err != nil {
		return err
	}
	for i := range x {
		if attacked[i] != x[i] {
			return fmt.Errorf("with epsilon 0 the attack still changes image %d, by %g", i/v.size(), attacked[i]-x[i])
		}
	}
	for i := range few {
		logits, err := v.Logits(ctx, x[i*v.size():(i+1)*v.size()])
		if err != nil {
			return err
		}
		alone := l2l.Verdicts(logits, labels[i:i+1])[0]
		if math.Abs(alone.Loss-clean[i].Loss) > 1e-3*(1+math.Abs(clean[i].Loss)) {
			return fmt.Errorf("the loss of image %d is %g beside others and %g alone: the classifier is not in evaluation mode", i, clean[i].Loss, alone.Loss)
		}
	}
	return nil
}

// stronger checks that all steps of an attack leave no more images standing than its
// first one does, but for noise.
func (p plan) stronger(ctx context.Context, v *victim, start []float32, all []l2l.Verdict) error {
	attacked, err := p.shorter(v).Attack(ctx, v.pixels, v.labels, start)
	if err != nil {
		return err
	}
	one, err := v.judge(ctx, attacked)
	if err != nil {
		return err
	}
	n := float64(len(v.labels))
	before, after := accuracy(one, v.labels), accuracy(all, v.labels)
	noise := 3 * math.Sqrt(max(before*(1-before), 0.25/n)/n)
	if after > before+noise {
		return fmt.Errorf("after all steps the classifier is right on %.4f of the images, after the first on %.4f: the attack does not work, or the classifier hides its gradient",
			after, before)
	}
	return nil
}

func accuracy(verdicts []l2l.Verdict, labels []int32) float64 {
	n := 0
	for i, v := range verdicts {
		if v.Class == labels[i] {
			n++
		}
	}
	return float64(n) / float64(len(labels))
}
