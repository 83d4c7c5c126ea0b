package multvae

import (
	"context"
	"errors"
	"fmt"
	"math"

	"foil/models/backend"
	"foil/models/kernels"
)

// predictBatch is how many users are decoded at once.
const predictBatch = 64

// Encode returns the latent vectors of all users in evaluation mode, which are
// the means, [users, l].
func (m *Model) Encode(rows Rows) []float32 {
	z := make([]float32, rows.Len()*m.config.Latent)
	m.encode(rows, 0, rows.Len(), z)
	return z
}

// encode writes the latent vectors of users start to end to z [end - start, l]
// and returns their mean KL divergence (without beta).
func (m *Model) encode(rows Rows, start, end int, z []float32) (kl float64) {
	l := m.config.Latent
	h := make([]float32, 2*l)
	for b := range end - start {
		row := rows.Row(int32(start + b))
		m.encoder.sum(row, unit(len(row)), h)
		copy(z[b*l:(b+1)*l], h[:l])
		for i := range l {
			mu, logVar := float64(h[i]), float64(h[l+i])
			kl += 0.5 * (math.Exp(logVar) - logVar + mu*mu - 1)
		}
	}
	return kl / float64(max(end-start, 1))
}

// Predict calls f with the logits of each user in evaluation mode, in order,
// until ctx is done. f may overwrite the logits and must not keep them. kl is
// the mean KL divergence over all users (without beta).
func (m *Model) Predict(ctx context.Context, rows Rows, f func(user int32, logits []float32) error) (kl float64, err error) {
	l, n, users := m.config.Latent, m.config.Items, rows.Len()
	row := make([]float32, n)
	if m.latents == nil {
		if m.latents, err = backend.NewTensor(m.backend, predictBatch, l); err != nil {
			return 0, err
		}
	}
	for start := 0; start < users; start += predictBatch {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		part := min(predictBatch, users-start)
		err = backend.Write(m.latents, func(z []float32) {
			kl += m.encode(rows, start, start+part, z) * float64(part)
			clear(z[part*l:]) // the last batch is padded: one shape, one graph
		})
		if err != nil {
			return 0, err
		}
		logits, err := backend.Run(m.decodeExec, m.latents, m.decoderWeight)
		if err != nil {
			return 0, fmt.Errorf("decoder: %w", err)
		}
		var inner error
		err = backend.Read(logits[0], func(flat []float32) {
			for i := range part {
				kernels.Sum(flat[i*n:(i+1)*n], m.decoderBias, row)
				if inner = f(int32(start+i), row); inner != nil {
					return
				}
			}
		})
		if err := errors.Join(err, inner, backend.Release(logits...)); err != nil {
			return 0, err
		}
	}
	return kl / float64(max(users, 1)), nil
}
