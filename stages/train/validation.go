package train

import (
	"context"
	"fmt"
	"slices"

	"foil/internal/artifact"
	"foil/internal/scores"
	"foil/models/kernels"
	"foil/models/multvae"
	"foil/stages/modelfile"
)

// A validation scores the model on users it does not train on: it sees part of
// their items and ranks the rest.
type validation struct {
	input  multvae.Rows
	target artifact.Rows
	items  int
	beta   float64
	seen   scores.Seen
	metric func(top, target []int32, k int) float64
	k      int
	ranker *scores.Ranker
}

func newValidation(split *artifact.Split, p *AdvXMultVAEParams) (*validation, error) {
	input, target := artifact.NewRows(split.ValidationInput), artifact.NewRows(split.ValidationTarget)
	if !slices.Equal(input.User, target.User) {
		return nil, fmt.Errorf("the split's validation inputs and targets are of different users")
	}
	if input.Len() == 0 {
		return nil, fmt.Errorf("the split has no validation users, so no epoch can be chosen")
	}
	v := &validation{
		input:  modelfile.Rows(input),
		target: target,
		items:  split.Items.Len(),
		beta:   p.Beta,
		seen:   scores.Seen(p.Seen),
		metric: scores.NDCG,
		k:      p.Select.K,
		ranker: scores.NewRanker(p.Select.K),
	}
	if p.Select.Metric == "recall" {
		v.metric = scores.Recall
	}
	return v, nil
}

// run returns the loss that drives the plateau schedule, softmax cross-entropy
// of the targets with seen items masked plus beta times the KL divergence, and
// the score that picks the best epoch.
func (v *validation) run(ctx context.Context, m *multvae.Model) (loss, score float64, err error) {
	z, kl := m.Encode(v.input)
	err = m.Decode(ctx, z, func(u int, logits []float32) error {
		target := v.target.Items(u)
		v.seen.Mask(logits, v.input.Row(int32(u)))
		score += v.metric(v.ranker.Top(logits), target, v.k)
		loss += kernels.SoftmaxLoss(logits, target)
		return nil
	})
	n := float64(v.input.Len())
	return loss/n + v.beta*kl, score / n, err
}
