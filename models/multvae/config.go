package multvae

import (
	"foil/models/adversary"
	"foil/models/optim"
)

// Config describes a model and its training steps.
type Config struct {
	Items        int
	Latent       int
	InputDropout float64 // share of a user's items dropped in training
	Beta         float64 // weight of the KL divergence
	Adam         optim.AdamConfig
	Groups       []adversary.Config
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
