package adversary

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
	"foil/models/optim"
	"foil/models/random"
)

// A Probe is an attacker: groups of heads that are trained together on frozen latent vectors, to
// measure how much information about the users is left in them.
type Probe struct {
	backend compute.Backend
	latent  int
	rate    float64
	adam    optim.Adam
	groups  []*Group
	step    *Step
	predict []*Exec
	batches map[int]*probeBatch // by number of users
}

type probeBatch struct {
	z      []float32 // [b, l]
	groups []*Batch
}

// NewProbe makes an untrained probe with one optimizer over all groups.
func NewProbe(b compute.Backend, configs []Config, latent int, rate float64, adam optim.AdamConfig, seed uint64) (*Probe, error) {
	p := &Probe{backend: b, latent: latent, rate: rate, adam: optim.Adam{Config: adam}, batches: map[int]*probeBatch{}}
	for _, c := range configs {
		g, err := NewGroup(b, c, latent, random.New(seed, "weights/probe/"+c.Name))
		if err != nil {
			return nil, err
		}
		p.groups = append(p.groups, g)
	}
	var err error
	if p.step, err = NewStep(b, p.groups, false); err != nil {
		return nil, err
	}
	err = backend.Guard(func() error {
		for _, g := range p.groups {
			exec, err := NewExec(b, func(inputs []*Node) *Node {
				z := InsertAxes(inputs[0], 0)
				dims := append([]int{g.Heads}, inputs[0].Shape().Dimensions...)
				return g.Forward(BroadcastToDims(z, dims...), inputs[1:])
			})
			if err != nil {
				return err
			}
			p.predict = append(p.predict, exec)
		}
		return nil
	})
	return p, err
}

// Step trains on the given users. latents holds the vectors of all users, one after the other.
// targets and dropout have an entry per group. It returns the loss of each group.
func (p *Probe) Step(latents []float32, users []int32, targets []Targets, dropout []rand.Source) ([]float64, error) {
	batch, err := p.batch(len(users))
	if err != nil {
		return nil, err
	}
	for i, u := range users {
		copy(batch.z[i*p.latent:(i+1)*p.latent], latents[int(u)*p.latent:])
	}
	if err := FillAll(batch.groups, targets, users, batch.z, dropout); err != nil {
		return nil, err
	}
	g, err := p.step.Run(batch.groups)
	if err != nil {
		err = fmt.Errorf("probe: %w", err)
	} else {
		err = p.update(g)
	}
	return g.Losses, errors.Join(err, g.Release())
}

// update moves the weights.
func (p *Probe) update(g *Gradients) error {
	p.adam.Begin()
	for i, group := range p.groups {
		if err := group.Update(&p.adam, p.rate, g.Params[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Probe) batch(users int) (*probeBatch, error) {
	if b, ok := p.batches[users]; ok {
		return b, nil
	}
	batch := &probeBatch{z: make([]float32, users*p.latent)}
	for _, g := range p.groups {
		b, err := NewBatch(p.backend, g.Config, users, p.latent)
		if err != nil {
			return nil, err
		}
		batch.groups = append(batch.groups, b)
	}
	p.batches[users] = batch
	return batch, nil
}

// Predict returns, for each group, the outputs of its heads for the given
// latent vectors without dropout: [heads, users, outputs], flat.
func (p *Probe) Predict(latents []float32) ([][]float32, error) {
	z, err := backend.NewTensor(p.backend, len(latents)/p.latent, p.latent)
	if err != nil {
		return nil, err
	}
	if err := backend.Fill(z, latents); err != nil {
		return nil, err
	}
	out := make([][]float32, len(p.groups))
	for i, g := range p.groups {
		inputs := []any{z}
		for _, t := range g.Params() {
			inputs = append(inputs, t)
		}
		result, err := backend.Run(p.predict[i], inputs...)
		if err != nil {
			return nil, fmt.Errorf("probe: %w", err)
		}
		out[i], err = backend.Copy(result[0])
		if err := errors.Join(err, backend.Release(result...)); err != nil {
			return nil, err
		}
	}
	return out, backend.Release(z)
}
