package pipeline

import (
	"container/heap"
	"slices"
)

// A queue holds ready cells. The one with the lowest priority number is next.
type queue struct{ cells byPriority }

func (q *queue) add(c *cell)   { heap.Push(&q.cells, c) }
func (q *queue) take() *cell   { return heap.Pop(&q.cells).(*cell) }
func (q *queue) isEmpty() bool { return len(q.cells) == 0 }

type byPriority []*cell

func (q byPriority) Len() int           { return len(q) }
func (q byPriority) Less(i, j int) bool { return q[i].priority < q[j].priority }
func (q byPriority) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *byPriority) Push(c any)        { *q = append(*q, c.(*cell)) }
func (q *byPriority) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = slices.Delete(*q, last, last+1)
	return c
}
