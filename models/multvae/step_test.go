package multvae

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"foil/internal/testenv"
	"foil/models/adversary"
	"foil/models/backend"
	"foil/models/optim"
	"foil/models/random"
)

// TestThreadsDoNotChangeTheWeights trains at a size at which the backend's products
// use all threads they are given. ONNX Runtime promises no such thing.
func TestThreadsDoNotChangeTheWeights(t *testing.T) {
	var want []adversary.Weight
	for _, threads := range []int{1, 2, 3} {
		testenv.Threads(t, threads)
		m, rows, targets := benchModel(t, backend.Default, 3125, 96, threads)
		noise := NewNoise(random.NewStreams(1), m.config.Groups)
		for range 2 {
			if _, err := m.Step(rows, everyone(rows), targets, noise, 1e-3, 1e-3); err != nil {
				t.Fatal(err)
			}
		}
		got, err := m.Weights()
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range want {
			if !slices.Equal(got[i].Data, w.Data) {
				t.Errorf("with %d threads %s differs from what one thread gives", threads, w.Name)
			}
		}
		if want == nil {
			want = got
		}
	}
}

// TestOddSizesTrain: nothing here is a multiple of a register, a user has no items,
// another loses all to dropout, and the last batch is one user.
func TestOddSizesTrain(t *testing.T) {
	b, err := backend.Open(testenv.Backend(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, groups := range [][]adversary.Config{nil, {{Name: "g", Task: adversary.Classification, Classes: 2, Heads: 2, Hidden: 3, Dropout: 0.9, Reversal: 1}}} {
		m, err := New(b, Config{Items: 13, Latent: 3, InputDropout: 0.9, Beta: 0.8, Adam: optim.DefaultAdam(1e-4), Groups: groups}, 1)
		if err != nil {
			t.Fatal(err)
		}
		rows := Rows{Offset: []int32{0, 0, 1, 5}, Item: []int32{12, 0, 3, 7, 12}}
		var targets []adversary.Targets
		if groups != nil {
			targets = []adversary.Targets{{Class: []int32{-1, 0, 1}}}
		}
		noise := NewNoise(random.NewStreams(1), groups)
		for range 20 {
			for _, users := range [][]int32{{0, 1}, {2}} {
				losses, err := m.Step(rows, users, targets, noise, 1e-3, 1e-3)
				if err != nil {
					t.Fatal(err)
				}
				if total := losses.Total(); math.IsNaN(total) || math.IsInf(total, 0) {
					t.Fatalf("losses %+v", losses)
				}
			}
		}
		z, _ := m.Encode(rows)
		if !slices.Equal(z[:3], m.encoder.bias[:3]) {
			t.Errorf("a user without items has the mean %v, want the bias %v", z[:3], m.encoder.bias[:3])
		}
	}
}

// TestInputDropoutDropsItsShare counts what the encoder keeps.
func TestInputDropoutDropsItsShare(t *testing.T) {
	m, rows, _ := benchModel(t, testenv.Backend(t), 3125, 96, 1)
	h := make([]float32, rows.Len()*m.encoder.width)
	src := random.Source(1, "dropout/input")
	kept, all := 0, 0
	for range 20 {
		m.encoder.forward(rows, everyone(rows), 0.1, src, h)
		kept += len(m.encoder.byUser.all)
		all += len(rows.Item)
	}
	if share := float64(kept) / float64(all); math.Abs(share-0.9) > 0.005 {
		t.Errorf("a share of %.4f is kept, want 0.9", share)
	}
}

// TestModelSetToAStateGoesOnBitByBit, with adversaries and without.
func TestModelSetToAStateGoesOnBitByBit(t *testing.T) {
	for _, groups := range []bool{true, false} {
		first, rows, targets := benchModel(t, testenv.Backend(t), 300, 20, 1)
		if !groups {
			first.groups, first.config.Groups, targets = nil, nil, nil
			first.heads = &adversary.Step{}
		}
		streams := random.NewStreams(1)
		noise := NewNoise(streams, first.config.Groups)
		train := func(m *Model, noise Noise) {
			for range 3 {
				if _, err := m.Step(rows, everyone(rows), targets, noise, 1e-3, 1e-3); err != nil {
					t.Fatal(err)
				}
			}
		}
		train(first, noise)
		state, err := first.State()
		if err != nil {
			t.Fatal(err)
		}
		kept := map[string][]float32{}
		for _, w := range slices.Concat(state.Weights, state.Moments) {
			kept[w.Name] = slices.Clone(w.Data)
		}
		where, err := streams.State()
		if err != nil {
			t.Fatal(err)
		}
		train(first, noise)

		second, err := New(first.backend, first.config, rand.Uint64())
		if err != nil {
			t.Fatal(err)
		}
		again := random.NewStreams(1)
		noise = NewNoise(again, first.config.Groups)
		err = second.SetState(func(name string, _ []int) ([]float32, error) { return kept[name], nil }, state.Steps)
		if err == nil {
			err = again.Restore(where)
		}
		if err != nil {
			t.Fatal(err)
		}
		train(second, noise)
		want, _ := first.Weights()
		got, _ := second.Weights()
		for i := range want {
			if !slices.Equal(got[i].Data, want[i].Data) {
				t.Errorf("groups %v: %s is not what the model that was left alone has", groups, want[i].Name)
			}
		}
	}
}

// TestOwnProductsChangeNothing: a training has the same weights with the products of models/kernels
// as with GoMLX's, for one thread and for two.
func TestOwnProductsChangeNothing(t *testing.T) {
	if b, err := backend.Open(backend.Default, 1); err != nil || !backend.OwnProducts(b) {
		t.Skipf("there is no AVX-512 (%v)", err)
	}
	train := func(change func(m *Model)) []adversary.Weight {
		m, rows, targets := benchModel(t, backend.Default, 3125, 96, 1)
		change(m)
		if own := m.ownProducts(rows.Len()); own != (m.threads > 0) {
			t.Fatalf("own products: %v", own)
		}
		noise := NewNoise(random.NewStreams(1), m.config.Groups)
		for range 3 {
			if _, err := m.Step(rows, everyone(rows), targets, noise, 1e-3, 1e-3); err != nil {
				t.Fatal(err)
			}
		}
		weights, err := m.Weights()
		if err != nil {
			t.Fatal(err)
		}
		z, _ := m.Encode(rows)
		var logits []float32
		err = m.Decode(t.Context(), z, func(_ int, row []float32) error {
			logits = append(logits, row...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return append(weights, adversary.Weight{Name: "logits", Data: logits})
	}
	want := train(func(m *Model) { m.threads = 0 })
	for _, threads := range []int{1, 2} {
		got := train(func(m *Model) { m.threads = threads })
		for i := range want {
			if !slices.Equal(got[i].Data, want[i].Data) {
				t.Errorf("%d threads: %s differs", threads, want[i].Name)
			}
		}
	}
}
