package multvae

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"foil/internal/testenv"
	"foil/models/adversary"
	"foil/models/backend"
	"foil/models/optim"
	"foil/models/random"
)

// BenchmarkStep is one training step of the published model, batch 64, two
// groups of ten adversaries, one thread: the sizes of MovieLens 1M and LFM-2b-100k.
func BenchmarkStep(b *testing.B) {
	for _, size := range []struct{ items, perUser int }{{3125, 96}, {47383, 170}} {
		b.Run(fmt.Sprintf("items=%d", size.items), func(b *testing.B) {
			m, rows, targets := benchModel(b, testenv.Backend(b), size.items, size.perUser, 1)
			noise := NewNoise(random.NewStreams(1), m.config.Groups)
			users := everyone(rows)
			for b.Loop() {
				if _, err := m.Step(rows, users, targets, noise, 1e-3, 1e-3); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchModel(b testing.TB, name string, items, perUser, threads int) (*Model, Rows, []adversary.Targets) {
	const users = 64
	be, err := backend.Open(name, threads)
	if err != nil {
		b.Fatal(err)
	}
	m, err := New(be, Config{
		Items: items, Latent: 100, InputDropout: 0.1, Beta: 0.8, Adam: optim.DefaultAdam(1e-4),
		Groups: []adversary.Config{
			{Name: "gender", Task: adversary.Classification, Classes: 2, ClassWeights: []float32{0.72, 0.28}, Heads: 10, Hidden: 5, Dropout: 0.3, Reversal: 400},
			{Name: "age", Task: adversary.Regression, Heads: 10, Hidden: 5, Dropout: 0.3, Reversal: 400},
		},
	}, 1)
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	rows := Rows{Offset: []int32{0}}
	targets := []adversary.Targets{{}, {}}
	for range users {
		set := map[int32]bool{}
		for len(set) < perUser {
			set[int32(r.IntN(items))] = true
		}
		row := make([]int32, 0, perUser)
		for item := range set {
			row = append(row, item)
		}
		slices.Sort(row)
		rows.Item = append(rows.Item, row...)
		rows.Offset = append(rows.Offset, int32(len(rows.Item)))
		targets[0].Class = append(targets[0].Class, int32(r.IntN(2)))
		targets[1].Value = append(targets[1].Value, r.Float32())
	}
	return m, rows, targets
}
