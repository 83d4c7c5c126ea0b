package artifact

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// counts scores an item by how many items the user has, and the item's number. Its latent
// vector is that number of items.
type counts struct{ calls []int }

func (c *counts) Width() int { return 1 }

func (c *counts) Latents(_ context.Context, users [][]int32, into []float32) error {
	for u, items := range users {
		into[u] = float32(len(items))
	}
	return nil
}

func (c *counts) LatentScores(_ context.Context, latents, into []float32) error {
	c.calls = append(c.calls, len(latents))
	items := len(into) / len(latents)
	for i := range into {
		into[i] = 1000*latents[i/items] + float32(i%items)
	}
	return nil
}

func (c *counts) Scores(ctx context.Context, users [][]int32, into []float32) error {
	z := make([]float32, len(users))
	return errors.Join(c.Latents(ctx, users, z), c.LatentScores(ctx, z, into))
}

func TestEveryUserIsScoredOnceInOrder(t *testing.T) {
	const users, items = 2*usersAtOnce + 3, 5
	var lists [][]int32
	var z []float32
	for u := range users {
		lists = append(lists, make([]int32, u))
		z = append(z, float32(u))
	}
	r := &counts{}
	for _, each := range []func(f func(int, []float32) error) error{
		func(f func(int, []float32) error) error { return EachUser(t.Context(), r, lists, items, f) },
		func(f func(int, []float32) error) error { return EachLatent(t.Context(), r, z, items, f) },
	} {
		next := 0
		err := each(func(u int, scores []float32) error {
			if u != next || len(scores) != items || scores[4] != float32(1000*u+4) {
				t.Errorf("user %d has scores %v", u, scores)
			}
			clear(scores)
			next++
			return nil
		})
		if err != nil || next != users {
			t.Errorf("%d users, want %d (%v)", next, users, err)
		}
	}
	if want := []int{usersAtOnce, usersAtOnce, 3}; !slices.Equal(r.calls[:3], want) {
		t.Errorf("calls of %v users, want %v", r.calls, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := EachUser(ctx, r, lists, items, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context has ended", err)
	}
	if err := EachUser(t.Context(), r, nil, items, nil); err != nil {
		t.Errorf("no users: %v", err)
	}
}
