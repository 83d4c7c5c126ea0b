package run

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
)

// A Worker configures a run that shares the cells of an experiment with other workers, on this
// machine or on others. It differs from other runs in this:
//
//   - Cells that need more than the capacity of the executor are left to others.
//   - It starts with the cells that the longest chains of cells depend on, by estimated time. Among
//     cells of about the same length, each worker has an order of its own, so that workers rarely
//     try to take the same cell.
//   - It does not repeat the failure of a cell that another worker noted after this one started, or
//     that a worker of its group noted at any time.
//   - It gives up a cell after several attempts of its group that got nowhere.
//   - It leaves cells to others that would take longer than the time until the deadline of its
//     context, unless they would not end in a later worker of the same time either.
type Worker struct {
	Name     string         // no two workers share it
	Group    string         // of workers that were started together; empty: none
	Failures store.Failures // of the store
	Costs    plan.Costs     // for the order; nil: not known

	// Leave selects more cells that are left to others. Nil: none.
	Leave func(*graph.Node) bool

	// Wait keeps the run waiting for cells that are left to others until they are made or have
	// failed. Otherwise the run ends when nothing is left that it can make, or that another worker
	// is making.
	Wait bool

	// Settle is the time in which the end of the run may follow the failure of a cell, for which the
	// same event is the reason: a cluster that ends a job signals all its processes.
	Settle time.Duration

	// Idle is the time after which the run ends if, for so long, it has made no cell and only waited
	// for those of others; 0: it waits until they are made.
	Idle time.Duration

	earlier map[digest.Key]*store.Failure // from before this run
	started time.Time
}

// manyStalled is how many attempts without progress are too many.
const manyStalled = 3

// prepare reads the failures from before this run.
func (w *Worker) prepare() (err error) {
	if w.started.IsZero() {
		w.started = time.Now()
	}
	w.earlier, err = w.Failures.AllFailures()
	return err
}

// spare takes care that an attempt is not counted that the end of the worker's time has interrupted
// too soon.
func (w *Worker) spare(lease store.Lease, began time.Time) {
	if l, ok := lease.(store.Sparing); ok && !IsEarly(began.Sub(w.started), time.Since(w.started)) {
		_ = l.Spare() // otherwise it counts
	}
}

// IsEarly reports whether a cell began so early that it had nearly all the time of its worker: in
// the first tenth, or in the first second.
func IsEarly(began, all time.Duration) bool { return began <= max(all/10, time.Second) }

// IsTooLong reports whether a cell would not end before the time of its worker is over, but would in
// a worker that starts then.
func IsTooLong(cell, left, all time.Duration) bool { return cell > left && cell <= all-all/10 }

// isTooLong reports whether a cell is left to a worker that has more time.
func (x *loop) isTooLong(c *step) bool {
	w := x.opts.Worker
	end, ok := x.ctx.Deadline()
	if !ok || w.Costs == nil || c.tooLong {
		return c.tooLong
	}
	cost := w.Costs.Cost(c.Cell)
	c.tooLong = cost.Known && IsTooLong(cost.Wall, time.Until(end), end.Sub(w.started))
	return c.tooLong
}

// isIdle reports whether a worker has waited for others for too long.
func (x *loop) isIdle() bool {
	w := x.opts.Worker
	return w != nil && w.Idle > 0 && x.making == 0 && time.Since(x.active) >= w.Idle
}

// remains reports whether there are cells that this worker would make if it had more time.
func (x *loop) remains() bool {
	for _, l := range x.ready.lanes {
		if len(l.cells) > 0 && x.opts.Executor.Capacity().Holds(l.want) {
			return true
		}
	}
	return x.interrupted || slices.ContainsFunc(x.steps, func(c *step) bool { return c.tooLong && !c.settled })
}

// failure returns the failure of a key that counts for this worker, or nil.
func (w *Worker) failure(key digest.Key) (*store.Failure, error) {
	f, err := w.Failures.Failure(key)
	if f == nil || err != nil {
		return nil, err
	}
	if before := w.earlier[key]; before != nil && before.ID == f.ID && (w.Group == "" || f.Owner.Group != w.Group) {
		return nil, nil
	}
	return f, nil
}

// A StalledError is the failure of a cell whose attempts got nowhere.
type StalledError struct{ Attempts int }

func (e *StalledError) Error() string {
	return fmt.Sprintf("%d attempts ended with neither a result nor a new checkpoint: they were killed, or their time was too short", e.Attempts)
}

// order sets the priorities of cells for a worker.
func (x *loop) order(w *Worker) {
	// The time from the start of a cell to the end of the last cell that depends on it.
	rank := make(map[*step]time.Duration, len(x.steps))
	for _, c := range slices.Backward(x.steps) { // each comes after its dependencies
		own := time.Duration(0)
		if c.State != plan.Hit {
			own = time.Second
			if w.Costs != nil {
				if cost := w.Costs.Cost(c.Cell); cost.Known {
					own = cost.Wall
				}
			}
		}
		own += rank[c]
		for _, from := range c.needs(x) {
			rank[from] = max(rank[from], own)
		}
		rank[c] = own
	}
	type class struct{ gpus, length int }
	classes := map[class][]*step{}
	for _, c := range x.steps {
		in := class{c.want.GPUs, Length(rank[c])}
		classes[in] = append(classes[in], c)
	}
	next := 1
	for _, in := range slices.SortedFunc(maps.Keys(classes), func(a, b class) int {
		return cmp.Or(cmp.Compare(b.gpus, a.gpus), cmp.Compare(b.length, a.length))
	}) {
		own := NewShuffle(w.Name, len(classes[in]))
		for i := range classes[in] {
			classes[in][own.At(i)].priority = next
			next++
		}
	}
}

// leaves reports whether a worker leaves a cell to others.
func (x *loop) leaves(c *step) bool {
	w := x.opts.Worker
	if w == nil {
		return false
	}
	return !x.opts.Executor.Capacity().Holds(c.want) || w.Leave != nil && w.Leave(c.Node) || x.isTooLong(c)
}
