package multvae

import (
	"context"
	"errors"
	"fmt"
	"math"

	"foil/models/kernels"
)

// predictBatch is the number of users that are decoded together.
const predictBatch = 64

// Encode returns the latent vectors of all users in evaluation mode, which are the means, [users,
// l], and the mean KL divergence of the users (without beta).
func (m *Model) Encode(rows Rows) (z []float32, kl float64) {
	l, users := m.config.Latent, rows.Len()
	z = make([]float32, users*l)
	h := make([]float32, 2*l)
	for u := range users {
		row := rows.Row(int32(u))
		m.encoder.sum(row, unit(len(row)), h)
		copy(z[u*l:(u+1)*l], h)
		for i := range l {
			mu, logVar := float64(h[i]), float64(h[l+i])
			kl += 0.5 * (math.Exp(logVar) - logVar + mu*mu - 1)
		}
	}
	return z, kl / float64(max(users, 1))
}

// Decode calls f with the logits of each latent vector of z [users, l], in order, until ctx is
// done. f may overwrite the logits and must not keep them.
func (m *Model) Decode(ctx context.Context, z []float32, f func(user int, logits []float32) error) error {
	row := make([]float32, m.config.Items)
	return m.decode(ctx, z, func(int) []float32 { return row }, f)
}

// decode writes the logits of each latent vector to the row that row returns, and calls f.
func (m *Model) decode(ctx context.Context, z []float32, row func(user int) []float32, f func(user int, logits []float32) error) (err error) {
	if len(z)%m.config.Latent != 0 {
		return fmt.Errorf("%d values are not a whole number of latent vectors of width %d", len(z), m.config.Latent)
	}
	size := predictBatch * m.config.Latent
	for first := 0; len(z) > 0; first += predictBatch {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := z[:min(size, len(z))]
		z = z[len(part):]
		if err := m.decodePart(part, first, row, f); err != nil {
			return err
		}
	}
	return nil
}

// decodePart is decode for at most predictBatch users. first is the number of the first one.
func (m *Model) decodePart(z []float32, first int, row func(user int) []float32, f func(user int, logits []float32) error) error {
	n := m.config.Items
	logits, release, err := m.logits(z)
	if err != nil {
		return err
	}
	var inner error
	err = logits(func(flat []float32) {
		for i := range len(z) / m.config.Latent {
			into := row(first + i)
			kernels.Sum(flat[i*n:(i+1)*n], m.decoderBias, into)
			if inner = f(first+i, into); inner != nil {
				return
			}
		}
	})
	return errors.Join(err, inner, release())
}
