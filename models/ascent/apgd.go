package ascent

import (
	"context"
	"fmt"
	"slices"

	"foil/models/evaluate"
	"foil/models/losses"
)

// APGD is Auto-PGD in the maximum norm (Croce and Hein 2020, section 3): gradient ascent with momentum
// that halves an image's step and goes back to its best point when it does not make progress.
type APGD struct {
	Epsilon    float64
	Iterations int     // of a try
	Restarts   int     // tries, each from a random start; for each target, if there are targets
	Rho        float64 // the step is halved if the objective grew in at most this share of iterations
}

// DefaultAPGD returns the settings of AutoAttack's standard set.
func DefaultAPGD(epsilon float64) APGD {
	return APGD{Epsilon: epsilon, Iterations: 100, Restarts: 1, Rho: 0.75}
}

// APGD raises the cross-entropy.
func (t *Target) APGD(a APGD, seed uint64) Fooling {
	return t.apgd(a, seed, "apgd-ce", func(labels []int32) evaluate.Head {
		return func(i int, logits, d []float32) float64 { return losses.CrossEntropy(logits, labels[i], 1, d) }
	})
}

// APGDRatio raises the difference of logits ratio, for classifiers with at least three classes.
func (t *Target) APGDRatio(a APGD, seed uint64) (Fooling, error) {
	if err := t.hasClasses(3, "the difference of logits ratio"); err != nil {
		return Fooling{}, err
	}
	return t.apgd(a, seed, "apgd-dlr", func(labels []int32) evaluate.Head {
		return func(i int, logits, d []float32) float64 { return losses.DLR(logits, labels[i], d) }
	}), nil
}

// APGDTargeted raises the targeted difference of logits ratio, for one target after the other: those
// with the largest logits of the original image. The classifier must have at least four classes.
func (t *Target) APGDTargeted(a APGD, most int, seed uint64) (Fooling, error) {
	if err := t.hasClasses(4, "the targeted difference of logits ratio"); err != nil {
		return Fooling{}, err
	}
	return t.targeted("apgd-t", most, a.Restarts, seed, func(ctx context.Context, s *subjects, _ int, target []int32) ([]float32, error) {
		return a.climb(ctx, s, a.start(s), func(i int, logits, d []float32) float64 {
			return losses.TargetedDLR(logits, s.labels[i], target[i], d)
		})
	}), nil
}

func (t *Target) apgd(a APGD, seed uint64, name string, head func(labels []int32) evaluate.Head) Fooling {
	f := Fooling{e: t.Evaluator, seed: seed}
	for restart := range a.Restarts {
		f.tries = append(f.tries, try{fmt.Sprintf("%s/%d", name, restart), func(ctx context.Context, s *subjects) ([]float32, error) {
			return a.climb(ctx, s, a.start(s), head(s.labels))
		}})
	}
	return f
}

// targeted is an attack on one target class after the other, the one with the largest logit first,
// each with the given number of tries.
func (t *Target) targeted(name string, most, restarts int, seed uint64, run func(ctx context.Context, s *subjects, restart int, target []int32) ([]float32, error)) Fooling {
	f := Fooling{e: t.Evaluator, seed: seed}
	for rank := 2; rank < 2+targets(t.Evaluator, most); rank++ {
		for restart := range restarts {
			f.tries = append(f.tries, try{fmt.Sprintf("%s/target %d/%d", name, rank, restart), func(ctx context.Context, s *subjects) ([]float32, error) {
				target, err := s.rivals(ctx, rank)
				if err != nil {
					return nil, err
				}
				return run(ctx, s, restart, target)
			}})
		}
	}
	return f
}

func (t *Target) hasClasses(least int, what string) error {
	if n := t.Config.Network.Classes(); n < least {
		return fmt.Errorf("%s needs %d classes, but the classifier has %d", what, least, n)
	}
	return nil
}

// start returns a random start for each image.
func (a APGD) start(s *subjects) []float32 {
	start, epsilon := s.noise(), float32(a.Epsilon)
	for i, v := range start {
		start[i] = max(min(s.x[i]+float32(epsilon*v), 1), 0)
	}
	return start
}

// A climber is the state of APGD for one image.
type climber struct {
	step      float32
	bestValue float64   // of the objective
	values    []float64 // after each iteration
	checked   float64   // bestValue at the last checkpoint
	halved    bool      // at the last checkpoint
}

// climb makes one try. It returns the last misclassified point of each image, or its start if there
// is none.
func (a APGD) climb(ctx context.Context, s *subjects, at []float32, head evaluate.Head) ([]float32, error) {
	size, classes := s.Size(), s.Config.Network.Classes()
	_, values, gradient, err := s.slopes(ctx, at, head)
	if err != nil {
		return nil, err
	}
	fooled, before := slices.Clone(at), slices.Clone(at) // before: the last iteration
	best, bestGradient := slices.Clone(at), slices.Clone(gradient)
	climbers := make([]climber, len(s.labels))
	for i, v := range values {
		climbers[i] = climber{float32(2 * a.Epsilon), v, make([]float64, a.Iterations), v, true}
	}
	wait, least, less := a.schedule()
	for iteration, since := 0, 0; iteration < a.Iterations; iteration++ {
		for i := range climbers {
			a.move(climbers[i].step, iteration == 0, row(s.x, i, size), row(at, i, size), row(before, i, size), row(gradient, i, size))
		}
		var logits []float32
		if logits, values, gradient, err = s.slopes(ctx, at, head); err != nil {
			return nil, fmt.Errorf("iteration %d: %w", iteration+1, err)
		}
		since++
		check := since == wait
		for i := range climbers {
			c := &climbers[i]
			if argMax(row(logits, i, classes)) != int(s.labels[i]) {
				copy(row(fooled, i, size), row(at, i, size))
			}
			c.values[iteration] = values[i]
			if values[i] > c.bestValue {
				c.bestValue = values[i]
				copy(row(best, i, size), row(at, i, size))
				copy(row(bestGradient, i, size), row(gradient, i, size))
			}
			if check && c.stuck(iteration, wait, a.Rho) {
				c.step /= 2
				copy(row(at, i, size), row(best, i, size))
				copy(row(gradient, i, size), row(bestGradient, i, size))
			}
		}
		if check {
			since, wait = 0, max(wait-less, least)
		}
	}
	return fooled, nil
}

// schedule returns the number of iterations up to the first checkpoint, the least between two, and by
// how much they become fewer.
func (a APGD) schedule() (first, least, less int) {
	share := func(of float64) int { return max(int(of*float64(a.Iterations)), 1) }
	return share(0.22), share(0.06), share(0.03)
}

// move makes a step of an image along the signs of its gradient, with momentum except in the first
// iteration. It sets before to where the image was.
func (a APGD) move(step float32, first bool, x, at, before, gradient []float32) {
	const momentum = 0.75
	epsilon := float32(a.Epsilon)
	for i, g := range gradient {
		now := at[i]
		to := now
		switch {
		case g > 0:
			to += step
		case g < 0:
			to -= step
		}
		to = clip(to, x[i], epsilon)
		if !first {
			// Conversions keep compilers from fusing multiplication and addition.
			to = clip(now+float32((to-now)*momentum)+float32((now-before[i])*(1-momentum)), x[i], epsilon)
		}
		at[i], before[i] = to, now
	}
}

// stuck reports at a checkpoint whether the step must be halved: the objective grew in too few of the
// last iterations, or its best value and the step are those of the last checkpoint. Before the first
// value the published code has a 0.
func (c *climber) stuck(iteration, wait int, rho float64) bool {
	grew := 0
	for j := iteration; j > iteration-wait; j-- {
		if c.values[j] > c.values[(j-1+len(c.values))%len(c.values)] {
			grew++
		}
	}
	stuck := float64(grew) <= float64(wait)*rho || !c.halved && c.checked >= c.bestValue
	c.halved, c.checked = stuck, c.bestValue
	return stuck
}
