// Package scores computes the metrics that the papers report: NDCG, recall and coverage of
// recommendations, balanced accuracy and mean absolute error of predicted attributes.
package scores

import (
	"cmp"
	"math"
	"slices"
)

// Seen is the treatment of items that a user already has before items are ranked.
type Seen string

const (
	// Exclude never recommends a seen item.
	Exclude Seen = "exclude"
	// Zero sets the logits of seen items to 0, as the authors' published code
	// does: where other logits are negative, seen items are recommended again.
	Zero Seen = "zero"
)

// Mask applies s to a user's logits.
func (s Seen) Mask(logits []float32, seen []int32) {
	with := float32(math.Inf(-1))
	if s == Zero {
		with = 0
	}
	for _, item := range seen {
		logits[item] = with
	}
}

// A Ranker finds the items with the largest logits.
type Ranker struct {
	k    int
	heap []ranked // a min-heap: the worst of the best on top
	top  []int32
}

type ranked struct {
	logit float32
	item  int32
}

// worse orders by logit and, on a tie, by item: the smaller item wins.
func (a ranked) worse(b ranked) bool {
	return a.logit < b.logit || (a.logit == b.logit && a.item > b.item)
}

// NewRanker makes a ranker for the first k items.
func NewRanker(k int) *Ranker { return &Ranker{k: k} }

// Top returns the items with the k largest logits, best first, without items at -Inf. The result is
// valid until the next call.
func (r *Ranker) Top(logits []float32) []int32 {
	r.heap = r.heap[:0]
	threshold := float32(math.Inf(-1))
	for i, logit := range logits {
		if !(logit > threshold) {
			continue
		}
		x := ranked{logit, int32(i)}
		if len(r.heap) < r.k {
			r.heap = append(r.heap, x)
			r.up(len(r.heap) - 1)
		} else {
			r.heap[0] = x
			r.down()
		}
		if len(r.heap) == r.k {
			threshold = r.heap[0].logit
		}
	}
	slices.SortFunc(r.heap, func(a, b ranked) int {
		return cmp.Or(-cmp.Compare(a.logit, b.logit), cmp.Compare(a.item, b.item))
	})
	r.top = r.top[:0]
	for _, x := range r.heap {
		r.top = append(r.top, x.item)
	}
	return r.top
}

func (r *Ranker) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !r.heap[i].worse(r.heap[parent]) {
			return
		}
		r.heap[i], r.heap[parent] = r.heap[parent], r.heap[i]
		i = parent
	}
}

func (r *Ranker) down() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(r.heap) {
			return
		}
		if child+1 < len(r.heap) && r.heap[child+1].worse(r.heap[child]) {
			child++
		}
		if !r.heap[child].worse(r.heap[i]) {
			return
		}
		r.heap[i], r.heap[child] = r.heap[child], r.heap[i]
		i = child
	}
}

// NDCG is the normalised discounted cumulative gain at k of one user: gain 1 for a target, discount
// 1/log2(rank + 1), divided by the maximum for this number of targets. target is ascending and not
// empty.
func NDCG(top, target []int32, k int) float64 {
	gain, ideal := 0.0, 0.0
	for i, item := range top[:min(k, len(top))] {
		if _, hit := slices.BinarySearch(target, item); hit {
			gain += discount(i)
		}
	}
	for i := range min(k, len(target)) {
		ideal += discount(i)
	}
	if ideal == 0 {
		return 0
	}
	return gain / ideal
}

func discount(i int) float64 { return 1 / math.Log2(float64(i+2)) }

// Recall is the share of the targets that are among the first k, not capped at k. target is
// ascending and not empty.
func Recall(top, target []int32, k int) float64 {
	if len(target) == 0 {
		return 0
	}
	return float64(Hits(top, target, k)) / float64(len(target))
}

// Hits is the number of targets that are among the first k. target is ascending.
func Hits(top, target []int32, k int) (hits int) {
	for _, item := range top[:min(k, len(top))] {
		if _, hit := slices.BinarySearch(target, item); hit {
			hits++
		}
	}
	return hits
}

// Coverage is the share of all items that are among the first k of at least one user.
type Coverage struct {
	seen  []bool
	count int
}

// NewCoverage makes a coverage over a number of items.
func NewCoverage(items int) *Coverage { return &Coverage{seen: make([]bool, items)} }

// Add counts a user's first items.
func (c *Coverage) Add(top []int32) {
	for _, item := range top {
		if !c.seen[item] {
			c.seen[item] = true
			c.count++
		}
	}
}

// Value is the share of items counted so far.
func (c *Coverage) Value() float64 {
	if len(c.seen) == 0 {
		return 0
	}
	return float64(c.count) / float64(len(c.seen))
}
