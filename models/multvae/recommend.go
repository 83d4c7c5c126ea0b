package multvae

import (
	"context"
	"fmt"
)

// Width returns the width of the latent vectors.
func (m *Model) Width() int { return m.config.Latent }

// Scores writes the logits of all items for each user to into, [len(users), items]. A user is given
// by the items that the user has used.
func (m *Model) Scores(ctx context.Context, users [][]int32, into []float32) error {
	z := make([]float32, len(users)*m.config.Latent)
	if err := m.Latents(ctx, users, z); err != nil {
		return err
	}
	return m.LatentScores(ctx, z, into)
}

// Latents writes the latent vectors of users to into, [len(users), latent]. They are the means, as
// in Encode.
func (m *Model) Latents(ctx context.Context, users [][]int32, into []float32) error {
	l := m.config.Latent
	if len(into) != len(users)*l {
		return fmt.Errorf("%d values do not hold the latent vectors of %d users, of width %d", len(into), len(users), l)
	}
	h := make([]float32, 2*l)
	for u, items := range users {
		m.encoder.sum(items, unit(len(items)), h)
		copy(into[u*l:(u+1)*l], h)
	}
	return ctx.Err()
}

// LatentScores writes the logits of all items for each latent vector of z [n, latent] to into,
// [n, items].
func (m *Model) LatentScores(ctx context.Context, z, into []float32) error {
	n := m.config.Items
	if users := len(z) / m.config.Latent; len(into) != users*n {
		return fmt.Errorf("%d values do not hold the scores of %d items for %d users", len(into), n, users)
	}
	return m.decode(ctx, z, func(user int) []float32 { return into[user*n : (user+1)*n] },
		func(int, []float32) error { return nil })
}
