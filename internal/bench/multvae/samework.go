package main

import (
	"fmt"

	"foil/internal/bench"
)

// Each side draws its own weights, dropout and noise, so their losses are close but not equal. On a
// step with untrained weights, softmax and KL divergence hardly depend on the draw. The losses of
// twenty small adversaries depend on it more, and so do the losses during training.
var (
	firstStep = bench.Losses{"softmax": 1.02, "KL": 1.15}
	allSteps  = bench.Losses{"softmax": 1.02, "KL": 2, "gender": 2, "age": 2.5}
)

// sameWork returns an error if the losses show that the sides do not train the same model. Then
// their times must not be compared.
func sameWork(peer, foil bench.Result) error {
	if err := bench.Within(firstStep, peer.Losses[0], foil.Losses[0]); err != nil {
		return fmt.Errorf("the first step: %w", err)
	}
	if err := bench.Within(allSteps, bench.Mean(peer.Losses), bench.Mean(foil.Losses)); err != nil {
		return fmt.Errorf("the mean of all steps: %w", err)
	}
	return nil
}
