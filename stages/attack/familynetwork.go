package attack

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"foil/internal/learners"
	"foil/models/adversary"
	"foil/models/optim"
	"foil/models/random"
)

// network trains networks with different random numbers side by side, and returns the answer of the
// one that is the strongest on the validation users.
func (f *family) network(ctx context.Context, s *subject) (*learners.Matrix, error) {
	p := f.params.Network
	config, target, scale := s.networkTask(p)
	configs := make([]adversary.Config, p.Seeds)
	targets := make([]adversary.Targets, p.Seeds)
	dropout := make([]rand.Source, p.Seeds)
	stops := make([]stop, p.Seeds)
	for i := range configs {
		configs[i], targets[i] = config, target
		configs[i].Name = fmt.Sprintf("%s/%d", s.Name, i+1)
		dropout[i] = random.Source(f.cell.Seed, "attack/dropout/"+configs[i].Name)
		stops[i].patience = p.Patience
	}
	probe, err := adversary.NewProbe(f.backend, configs, s.train.Width, p.Rate, optim.DefaultAdam(p.WeightDecay), f.cell.Seed)
	if err != nil {
		return nil, err
	}
	train, held := float32s(s.train.X), float32s(s.held.X)
	order := random.New(f.cell.Seed, "attack/order")
	users := make([]int32, s.train.Rows())
	for i := range users {
		users[i] = int32(i)
	}
	for epoch := range p.Epochs {
		order.Shuffle(len(users), func(i, j int) { users[i], users[j] = users[j], users[i] })
		for batch := range slices.Chunk(users, p.Batch) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			losses, err := probe.Step(train, batch, targets, dropout)
			if err != nil {
				return nil, fmt.Errorf("epoch %d: %w", epoch+1, err)
			}
			for _, loss := range losses {
				if math.IsNaN(loss) || math.IsInf(loss, 0) {
					return nil, fmt.Errorf("epoch %d: the loss is %g; lower the rate", epoch+1, loss)
				}
			}
		}
		outputs, err := probe.Predict(held)
		if err != nil {
			return nil, err
		}
		ended := true
		for i := range stops {
			answer := scale(outputs[i])
			ended = stops[i].after(epoch, s.loss(answer), answer) && ended
		}
		if ended {
			break
		}
	}
	best := stops[0].answer
	for _, stop := range stops[1:] {
		if s.miss(stop.answer) < s.miss(best) {
			best = stop.answer
		}
	}
	return best, nil
}

// networkTask is what a network learns: balanced classes, or standardised numbers. scale turns its
// outputs into an answer.
func (s *subject) networkTask(p FamilyNetwork) (adversary.Config, adversary.Targets, func([]float32) *learners.Matrix) {
	config := s.Group(1, p.Hidden, p.Dropout)
	if s.Classes != nil {
		config.ClassWeights = make([]float32, len(s.Classes))
		for i, w := range learners.Balanced(s.class, len(s.Classes)) {
			config.ClassWeights[s.class[i]] = float32(w)
		}
		return config, adversary.Targets{Class: s.class}, func(outputs []float32) *learners.Matrix {
			return learners.Probabilities(learners.NewMatrix(outputs, len(s.Classes)))
		}
	}
	config.Absolute = true
	scaler := learners.NewScaler(&learners.Matrix{Width: 1, X: s.value})
	target := scaler.Apply(&learners.Matrix{Width: 1, X: s.value})
	return config, adversary.Targets{Value: float32s(target.X)}, func(outputs []float32) *learners.Matrix {
		return scaler.Invert(learners.NewMatrix(outputs, 1))
	}
}

func float32s(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}
