package attack

import (
	"context"
	"fmt"

	"foil/internal/learners"
	"foil/models/random"
)

// network trains networks with different random numbers, each until the loss on the validation users
// falls no more, and returns the answer of the one that is the strongest on these users.
func (f *family) network(ctx context.Context, s *subject) (*learners.Matrix, error) {
	var best *learners.Matrix
	for i := range f.params.Network.Seeds {
		answer, err := f.oneNetwork(ctx, s, fmt.Sprintf("%s/%d", s.Name, i+1))
		if err != nil {
			return nil, err
		}
		if best == nil || s.miss(answer) < s.miss(best) {
			best = answer
		}
	}
	return best, nil
}

func (f *family) oneNetwork(ctx context.Context, s *subject, name string) (*learners.Matrix, error) {
	p := f.params.Network
	settings := learners.NetworkSettings{Hidden: p.Hidden, Dropout: p.Dropout, Rate: p.Rate, WeightDecay: p.WeightDecay, Batch: p.Batch}
	streams := learners.Streams{
		Weights: random.New(f.cell.Seed, "attack/weights/"+name),
		Order:   random.New(f.cell.Seed, "attack/order/"+name),
		Dropout: random.Source(f.cell.Seed, "attack/dropout/"+name),
	}
	var n *learners.Network
	var err error
	if s.Classes != nil {
		n, err = learners.NewClassNetwork(s.train, s.class, len(s.Classes), learners.Balanced(s.class, len(s.Classes)), settings, streams)
	} else {
		n, err = learners.NewNumberNetwork(s.train, s.value, settings, streams)
	}
	if err != nil {
		return nil, err
	}
	validation := s.validation()
	best := stop{patience: p.Patience}
	for epoch := range p.Epochs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := n.Epoch(); err != nil {
			return nil, fmt.Errorf("epoch %d: %w", epoch+1, err)
		}
		ended := best.after(epoch, s.loss(n.Answer(validation)), func() *learners.Matrix { return n.Answer(s.held) })
		if ended {
			break
		}
	}
	return best.answer, nil
}
