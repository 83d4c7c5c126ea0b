package multvae

import (
	"fmt"

	"foil/models/adversary"
	"foil/models/optim"
)

// Config describes a model and its training steps.
type Config struct {
	Items        int
	Latent       int
	InputDropout float64 // share of a user's items to drop in training
	Beta         float64 // weight of the KL divergence
	Adam         optim.AdamConfig
	Groups       []adversary.Config
}

// maxWeights is the largest number of weights of a model: 2^31 weights take 8 GiB, and training
// takes four times that.
const maxWeights = 1 << 31

// check refuses models that are too large for the machines that foil is made for, before anything
// is allocated.
func (c Config) check() error {
	if c.Items < 1 || c.Latent < 1 {
		return fmt.Errorf("a model of %d items and %d latent dimensions is not possible; both must be at least 1", c.Items, c.Latent)
	}
	weights := 3 * float64(c.Items) * float64(c.Latent)
	for _, g := range c.Groups {
		weights += float64(g.Heads) * float64(g.Hidden) * float64(c.Latent+g.Outputs())
	}
	if weights > maxWeights {
		return fmt.Errorf("a model of %d items, %d latent dimensions and %d groups of adversaries has %.3g weights, %.3g GiB; lower latent, heads or hidden",
			c.Items, c.Latent, len(c.Groups), weights, 4*weights/(1<<30))
	}
	return nil
}

// Rows are users' item sets: user u has Item[Offset[u]:Offset[u+1]], ascending.
type Rows struct {
	Offset []int32
	Item   []int32
}

// Len is the number of users.
func (r Rows) Len() int { return max(len(r.Offset)-1, 0) }

// Row returns a user's items.
func (r Rows) Row(u int32) []int32 { return r.Item[r.Offset[u]:r.Offset[u+1]] }
