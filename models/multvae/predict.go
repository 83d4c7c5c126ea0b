package multvae

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/kernels"
)

// predictBatch is how many users are decoded at once.
const predictBatch = 64

// Encode writes the latent vectors of the given users in evaluation mode, which
// are the means, to z [b, l], and returns the mean KL divergence (without beta).
func (m *Model) Encode(rows Rows, users []int32, z []float32) (kl float64) {
	l := m.config.Latent
	h := make([]float32, 2*l)
	for b, u := range users {
		row := rows.Row(u)
		m.encoder.sum(row, unit(len(row)), h)
		copy(z[b*l:(b+1)*l], h[:l])
		for i := range l {
			mu, logVar := float64(h[i]), float64(h[l+i])
			kl += 0.5 * (math.Exp(logVar) - logVar + mu*mu - 1)
		}
	}
	return kl / float64(max(len(users), 1))
}

// Predict calls f with the logits of each user in evaluation mode, in order.
// f may overwrite the logits and must not keep them. kl is the mean KL
// divergence over all users (without beta).
func (m *Model) Predict(rows Rows, users []int32, f func(user int32, logits []float32) error) (kl float64, err error) {
	l, n := m.config.Latent, m.config.Items
	row := make([]float32, n)
	if m.latents == nil {
		if m.latents, err = backend.NewTensor(m.backend, predictBatch, l); err != nil {
			return 0, err
		}
	}
	for start := 0; start < len(users); start += predictBatch {
		part := users[start:min(start+predictBatch, len(users))]
		err = backend.Write(m.latents, func(z []float32) {
			kl += m.Encode(rows, part, z) * float64(len(part))
			clear(z[len(part)*l:]) // the last batch is padded: one shape, one graph
		})
		if err != nil {
			return 0, err
		}
		var logits *tensors.Tensor
		err = backend.Guard(func() (err error) {
			logits, err = m.decodeExec.Call1(m.latents, m.decoderWeight)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("decoder: %w", err)
		}
		var inner error
		err = backend.Read(logits, func(flat []float32) {
			for i, u := range part {
				kernels.Sum(flat[i*n:(i+1)*n], m.decoderBias, row)
				if inner = f(u, row); inner != nil {
					return
				}
			}
		})
		if err := errors.Join(err, inner, backend.Release(logits)); err != nil {
			return 0, err
		}
	}
	return kl / float64(max(len(users), 1)), nil
}
