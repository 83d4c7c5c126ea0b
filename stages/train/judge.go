package train

import (
	"fmt"
	"math"

	"foil/models/optim"
)

// A judge draws the conclusions from an epoch's validation: the model's next
// rate, and whether no epoch was better so far.
type judge struct {
	plateau   optim.Plateau
	bestScore float64
	bestEpoch int // 0 before the first
}

func newJudge(p *AdvXMultVAEParams) judge {
	return judge{plateau: optim.Plateau{
		Rate: p.Rate, Factor: p.Plateau.Factor, Patience: p.Plateau.Patience, MinRate: p.Plateau.MinRate,
	}}
}

// epoch takes the validation loss and score of an epoch and says whether it is
// the best so far; a later tie wins. A model whose validation is no number has
// diverged, and nothing that it gives is to be trusted.
func (j *judge) epoch(epoch int, loss, score float64) (best bool, err error) {
	if math.IsNaN(loss) || math.IsInf(loss, 0) || math.IsNaN(score) {
		return false, fmt.Errorf("the validation loss is %g: lower the rate or the lambdas", loss)
	}
	j.plateau.Step(loss)
	if j.bestEpoch == 0 || score >= j.bestScore {
		j.bestScore, j.bestEpoch = score, epoch
		return true, nil
	}
	return false, nil
}
