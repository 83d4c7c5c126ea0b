package adversary

import (
	"math/rand/v2"
	"slices"
	"testing"

	"foil/models/backend"
	"foil/models/random"
)

// TestOwnProductsChangeNothing: losses and gradients are the same with the products of
// models/kernels as with GoMLX's, for batches of any size and inputs of any width.
func TestOwnProductsChangeNothing(t *testing.T) {
	b, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !backend.OwnProducts(b) {
		t.Skip("there is no AVX-512")
	}
	for _, d := range []struct {
		users, latent int
		own           bool
	}{{64, 100, true}, {27, 100, true}, {1, 17, true}, {64, 16, false}, {3000, 300, false}} {
		var groups []*Group
		var batches []*Batch
		targets := []Targets{{}, {}}
		r := rand.New(rand.NewPCG(1, uint64(d.users)))
		for range d.users {
			targets[0].Class = append(targets[0].Class, int32(r.IntN(3))-1)
			targets[1].Value = append(targets[1].Value, r.Float32())
		}
		for _, c := range []Config{
			{Name: "class", Task: Classification, Classes: 2, Heads: 10, Hidden: 5, Dropout: 0.3},
			{Name: "number", Task: Regression, Heads: 3, Hidden: 21, Dropout: 0.3},
		} {
			g, err := NewGroup(b, c, d.latent, r)
			if err != nil {
				t.Fatal(err)
			}
			batch, err := NewBatch(b, c, d.users, d.latent)
			if err != nil {
				t.Fatal(err)
			}
			groups, batches = append(groups, g), append(batches, batch)
		}
		z := make([]float32, d.users*d.latent)
		random.Normal(r, z, 1)
		users := make([]int32, d.users)
		for i := range users {
			users[i] = int32(i)
		}
		if err := FillAll(batches, targets, users, z, []rand.Source{rand.NewPCG(1, 1), rand.NewPCG(2, 2)}); err != nil {
			t.Fatal(err)
		}
		s, err := NewStep(b, groups, true)
		if err != nil {
			t.Fatal(err)
		}
		if s.areSmall(batches) != d.own {
			t.Errorf("%v: own products: %v", d, !d.own)
		}
		got := values(t, s, batches)
		s.rest = nil
		want := values(t, s, batches)
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("%v: array %d differs", d, i)
			}
		}
	}
}

// values runs a step, and returns copies of the losses and all gradients.
func values(t *testing.T, s *Step, batches []*Batch) (all [][]float32) {
	t.Helper()
	g, err := s.Run(batches)
	if err != nil {
		t.Fatal(err)
	}
	for i, loss := range g.Losses {
		all = append(all, []float32{float32(loss)})
		for _, v := range append(g.Params[i][:], g.X[i]) {
			if err := v(func(x []float32) { all = append(all, slices.Clone(x)) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := g.Release(); err != nil {
		t.Fatal(err)
	}
	return all
}
