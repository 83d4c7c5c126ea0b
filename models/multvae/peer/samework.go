package main

import "fmt"

// The sides draw their own weights, dropout and noise, so their losses are
// close, not equal. On a step of untrained weights, softmax and KL divergence
// hardly depend on the draw; twenty small adversaries do, and so does training.
var (
	firstStep = Losses{"softmax": 1.02, "KL": 1.15}
	allSteps  = Losses{"softmax": 1.02, "KL": 2, "gender": 2, "age": 2.5}
)

// sameWork is an error if the losses say that the sides do not train the same
// model: then their times must not be compared.
func sameWork(peer, foil Result) error {
	if err := within(firstStep, peer.Losses[0], foil.Losses[0]); err != nil {
		return fmt.Errorf("the first step: %w", err)
	}
	if err := within(allSteps, mean(peer.Losses), mean(foil.Losses)); err != nil {
		return fmt.Errorf("the mean of all steps: %w", err)
	}
	return nil
}

// within is an error where a part is missing or further apart than its factor.
func within(factors, peer, foil Losses) error {
	for part, factor := range factors {
		p, f := peer[part], foil[part]
		if !(p > 0 && f > 0 && max(p, f) <= factor*min(p, f)) {
			return fmt.Errorf("PyTorch's %s loss is %.4g, foil's %.4g: step.py and foil.go do not train the same model", part, p, f)
		}
	}
	return nil
}

func mean(steps []Losses) Losses {
	sum := Losses{}
	for _, losses := range steps {
		for part, loss := range losses {
			sum[part] += loss / float64(len(steps))
		}
	}
	return sum
}
