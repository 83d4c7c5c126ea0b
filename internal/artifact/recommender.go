package artifact

import (
	"context"
	"fmt"
)

// A Recommender scores all items for users. A user is given by the items that the user has used.
// pipeline.Kind.Open returns a Recommender for an artifact of type "recommender".
type Recommender interface {
	// Scores writes the score of every item for each of the users to into, which is [len(users),
	// items]; a higher score is a better recommendation. The items of a user are ascending. They
	// are scored like all other items; the caller masks them.
	Scores(ctx context.Context, users [][]int32, into []float32) error
}

// A LatentRecommender encodes each user as a latent vector, and scores items from this vector
// alone. Attacks read the vectors, and evaluations can reuse them.
type LatentRecommender interface {
	Recommender

	// Width is the width of the vectors.
	Width() int

	// Latents writes the vectors of users to into, [len(users), width].
	Latents(ctx context.Context, users [][]int32, into []float32) error

	// LatentScores is Scores for users given by their vectors, [n, width]; into is [n, items].
	LatentScores(ctx context.Context, latents, into []float32) error
}

// usersAtOnce is the number of users that are scored in one call.
const usersAtOnce = 64

// EachUser calls f with the scores of all items for each user, in order. f may overwrite the scores
// but must not keep them.
func EachUser(ctx context.Context, r Recommender, users [][]int32, items int, f func(user int, scores []float32) error) error {
	return each(ctx, len(users), items, f, func(first, end int, into []float32) error {
		return r.Scores(ctx, users[first:end], into)
	})
}

// EachLatent is EachUser for users given by their latent vectors, [n, width].
func EachLatent(ctx context.Context, r LatentRecommender, latents []float32, items int, f func(user int, scores []float32) error) error {
	width := r.Width()
	if width < 1 || len(latents)%width != 0 {
		return fmt.Errorf("%d values are not latent vectors of width %d", len(latents), width)
	}
	return each(ctx, len(latents)/width, items, f, func(first, end int, into []float32) error {
		return r.LatentScores(ctx, latents[first*width:end*width], into)
	})
}

func each(ctx context.Context, users, items int, f func(int, []float32) error, score func(first, end int, into []float32) error) error {
	buffer := make([]float32, min(users, usersAtOnce)*items)
	for first := 0; first < users; first += usersAtOnce {
		if err := ctx.Err(); err != nil {
			return err
		}
		end := min(first+usersAtOnce, users)
		scores := buffer[:(end-first)*items]
		if err := score(first, end, scores); err != nil {
			return err
		}
		for u := range end - first {
			if err := f(first+u, scores[u*items:(u+1)*items]); err != nil {
				return err
			}
		}
	}
	return nil
}
