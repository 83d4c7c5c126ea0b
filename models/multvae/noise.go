package multvae

import (
	"math/rand/v2"

	"foil/models/adversary"
	"foil/models/random"
)

// Noise holds the random streams of training steps, one for each purpose.
type Noise struct {
	Input  rand.Source         // input dropout; nil: none
	Latent func(eps []float32) // standard normal, for the sampling of z
	Heads  []rand.Source       // dropout of each group; nil: none
}

// NewNoise takes the noise from the streams of a run.
func NewNoise(streams *random.Streams, groups []adversary.Config) Noise {
	latent := rand.New(streams.Source("noise/latent"))
	n := Noise{
		Input:  streams.Source("dropout/input"),
		Latent: func(eps []float32) { random.Normal(latent, eps, 1) },
	}
	for _, g := range groups {
		n.Heads = append(n.Heads, streams.Source("dropout/adversary/"+g.Name))
	}
	return n
}
