package main

import (
	"container/heap"
	"fmt"
	"time"

	"foil/pipeline/run"
)

// A worker is one as in package run: it takes cells in its order, and watches those that others
// make.
type worker struct {
	id      int
	model   *Model
	orders  [2]run.Shuffle // of both levels
	walked  int            // places of its order that it has reached
	ready   places         // places before those that have become ready
	waits   map[int]*awaited
	list    watched       // the same
	later   map[int][]int // places of cells that need a cell that others make
	busy    bool          // it makes a cell, or looks for one
	makes   bool          // it makes a cell
	done    bool
	watches int // cells that it has watched

	dead bool
	died time.Duration

	round   int           // of its poller
	planned time.Duration // when it looks next
	looked  time.Duration // when its last look was answered

	off   bool // it does not use the remote
	since time.Duration
	lost  time.Duration
	ends  int
}

// An awaited cell is made by others.
type awaited struct {
	place, cell int
	number      int           // among those that the worker has watched
	since       time.Duration // since it is watched
	next        time.Duration
	backoff     run.Backoff
	version     [2]int64      // of the content of the lease file
	seen        time.Duration // since when it has not changed
}

func newWorker(m *Model, id int) *worker {
	name := workerName(id)
	return &worker{
		id: id, model: m, orders: [2]run.Shuffle{run.NewShuffle(name, m.First), run.NewShuffle(name, m.Cells-m.First)},
		waits: map[int]*awaited{}, later: map[int][]int{}, planned: -1,
	}
}

func workerName(id int) string { return fmt.Sprint("worker ", id) }

// cell is the cell at a place of the worker's order.
func (w *worker) cell(place int) int {
	if place < w.model.First {
		return w.orders[0].At(place)
	}
	return w.model.First + w.orders[1].At(place-w.model.First)
}

// take returns the next place of a cell that is ready.
func (w *worker) take() (place int, ok bool) {
	if len(w.ready) > 0 {
		return heap.Pop(&w.ready).(int), true
	}
	if w.walked < w.model.Cells {
		w.walked++
		return w.walked - 1, true
	}
	return 0, false
}

// watch adds a cell to those that others make.
func (w *worker) watch(a *awaited) {
	w.watches++
	a.number = w.watches
	w.waits[a.cell] = a
	heap.Push(&w.list, a)
}

// drop removes the cell that is looked at next.
func (w *worker) drop() {
	delete(w.waits, w.list[0].cell)
	heap.Pop(&w.list)
}

// watched is a heap, in the order of the next looks.
type watched []*awaited

func (l watched) Len() int { return len(l) }
func (l watched) Less(i, j int) bool {
	return l[i].next < l[j].next || l[i].next == l[j].next && l[i].number < l[j].number
}
func (l watched) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *watched) Push(x any)   { *l = append(*l, x.(*awaited)) }
func (l *watched) Pop() any {
	last := len(*l) - 1
	x := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	return x
}

// places are a heap.
type places []int

func (p *places) push(place int) { heap.Push(p, place) }

func (p places) Len() int           { return len(p) }
func (p places) Less(i, j int) bool { return p[i] < p[j] }
func (p places) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *places) Push(x any)        { *p = append(*p, x.(int)) }
func (p *places) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	*p = (*p)[:last]
	return x
}
