package main

import (
	"container/heap"
	"fmt"
	"time"

	"foil/internal/store/disk"
)

// A Result is what a simulation counts.
type Result struct {
	Claims   int // leases that were taken
	Wasted   int // attempts that ended with their node
	Made     int
	Hits     int64 // cells that a worker found made
	Held     int64 // cells that a worker found held by another one
	Polls    int64
	Most     int           // leases that were taken in one second
	Began    time.Duration // when the last of the first workers had its plan
	LastCell time.Duration // when the last cell was made
	LastEnd  time.Duration // when the last worker ended
	Ideal    time.Duration // of the last cell, if all workers were busy from the start
	Ops      int64         // path operations of the file server
	Requests int64         // at the remote
	Sent     int64         // bytes to the remote
	LastSent time.Duration

	made []making // in the order of their ends, if asked for
}

// A making is a cell and the worker that made it.
type making struct{ worker, cell int }

// A sim is the state of a simulation.
type sim struct {
	*Model
	now     time.Duration
	events  queue
	files   load
	remote  load
	cells   []cellState
	leases  map[int]*lease // of cells that are held
	workers []*worker
	second  time.Duration
	claims  int // in this second
	trace   bool
	Result
}

type cellState uint8

const (
	free cellState = iota
	held
	made
)

// A lease is that of a cell.
type lease struct {
	owner *worker
	taken time.Duration
	token int
}

// simulate runs a model to its end. trace: Result has all makings.
func simulate(m *Model, trace bool) (*Result, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	s := &sim{
		Model: m, cells: make([]cellState, m.Cells), leases: map[int]*lease{}, trace: trace,
		files: load{Server: m.Files}, remote: load{Server: m.Remote.Server},
	}
	for c := range m.Cells {
		s.Ideal += m.duration(c)
	}
	s.Ideal /= time.Duration(m.Workers)
	for i := range m.Workers {
		s.hire(m.Apart * time.Duration(i))
	}
	for i := range m.Losses {
		at := s.Ideal * time.Duration(i+1) / time.Duration(m.Losses+1)
		s.events.add(event{at: at, what: dies, worker: int32(i * 7919 % (m.Workers / m.PerNode) * m.PerNode)})
	}
	for len(s.events.list) > 0 {
		e := s.events.next()
		s.now = e.at
		s.happens(e)
	}
	if s.Made != m.Cells {
		return nil, fmt.Errorf("%s: %d of %d cells were made", m.Name, s.Made, m.Cells)
	}
	s.Ops, s.Requests = s.files.requests, s.remote.requests
	return &s.Result, nil
}

func (s *sim) happens(e event) {
	w := s.workers[e.worker]
	switch {
	case e.what == dies:
		s.lose(int(e.worker))
	case w.dead:
	case e.what == comes:
		s.come(w)
	case e.what == starts:
		if int(e.worker) < s.Workers {
			s.Began = s.now
		}
		s.next(w)
	case e.what == goesOn:
		s.next(w)
	case e.what == ended:
		s.end(w, int(e.which))
	case e.what == polls:
		s.poll(w, int(e.which))
	}
}

// hire adds a worker, which comes later.
func (s *sim) hire(at time.Duration) {
	w := newWorker(s.Model, len(s.workers))
	s.workers = append(s.workers, w)
	s.events.add(event{at: at, what: comes, worker: int32(w.id)})
}

// come lets a worker plan, which looks up the keys that are known.
func (s *sim) come(w *worker) {
	begin := s.files.do(s.now, s.First*opsMiss)
	if s.Remote.Latency > 0 && s.Made < s.First {
		begin = max(begin, s.ask(w, s.now, s.First, askAtOnce))
	}
	s.events.add(event{at: begin, what: starts, worker: int32(w.id)})
}

// lose ends the workers of a node, and hires others after a while.
func (s *sim) lose(first int) {
	for _, w := range s.workers[first : first+s.PerNode] {
		if w.dead || w.done {
			continue
		}
		w.dead, w.died = true, s.now
		if w.makes {
			s.Wasted++
		}
		s.hire(s.now + s.Replace)
	}
}

// next lets a worker take its next cell. It looks at many cells in one event, if they are made.
func (s *sim) next(w *worker) {
	const many = 4096
	hits, ops := 0, 0
	for {
		place, ok := w.take()
		if !ok {
			break
		}
		c := w.cell(place)
		if need := s.first(c); need >= 0 && w.waits[need] != nil {
			w.later[need] = append(w.later[need], place)
			continue
		}
		switch s.cells[c] {
		case made:
			hits++
			ops += opsHit
			s.settle(w, c)
			if hits == many {
				s.Hits += int64(hits)
				w.busy = true
				s.events.add(event{at: s.files.do(s.now, ops), what: goesOn, worker: int32(w.id)})
				return
			}
		case held:
			s.Held++
			ops += opsHeld
			s.wait(w, place)
		case free:
			s.Hits += int64(hits)
			s.claim(w, c, ops)
			return
		}
	}
	s.Hits += int64(hits)
	answered := s.files.do(s.now, ops)
	w.busy = false
	if len(w.waits) == 0 {
		w.done = true
		s.LastEnd = max(s.LastEnd, answered)
	}
}

// settle makes the cells ready that the worker left because they need this one.
func (s *sim) settle(w *worker, c int) {
	if c >= s.First || w.later[c] == nil {
		return
	}
	for _, place := range w.later[c] {
		w.ready.push(place)
	}
	delete(w.later, c)
}

// claim takes the lease of a cell, and makes it.
func (s *sim) claim(w *worker, c, ops int) {
	s.Claims++
	if s.now/time.Second != s.second {
		s.second, s.claims = s.now/time.Second, 0
	}
	s.claims++
	s.Most = max(s.Most, s.claims)
	s.cells[c] = held
	s.leases[c] = &lease{owner: w, taken: s.now, token: s.Claims}
	w.busy, w.makes = true, true
	begin := s.files.do(s.now, ops+opsMake*s.Block)
	if s.Remote.Latency > 0 {
		begin = max(begin, s.ask(w, s.now, askRecord, 1))
	}
	d := s.duration(c)
	s.files.add(int(d/disk.DefaultHeartbeat) * opsRenew)
	s.events.add(event{at: begin + d, what: ended, worker: int32(w.id), which: int32(c)})
}

// end publishes a cell.
func (s *sim) end(w *worker, c int) {
	w.makes = false
	s.cells[c] = made
	delete(s.leases, c)
	s.Made++
	s.LastCell = s.now
	if s.trace {
		s.Result.made = append(s.Result.made, making{w.id, c})
	}
	if s.Remote.Latency > 0 {
		sent := s.remote.do(s.now, sendCell*s.Block) + time.Duration(float64(s.Output)/s.Remote.Bytes*float64(time.Second))
		s.Sent += s.Output + int64(s.Block)*(recordBytes+2*tinyRequest)
		s.LastSent = max(s.LastSent, sent)
		if w.off && w.ends < mostEnds && sent-w.since >= useAgain {
			w.off, w.lost = false, 0
		}
	}
	s.settle(w, c)
	s.next(w)
}

// ask asks the remote for records. A worker that has waited for the patience of a run does not ask
// again, until a result could be sent a while later.
func (s *sim) ask(w *worker, now time.Duration, records, atOnce int) time.Duration {
	if w.off {
		return now
	}
	if s.Remote.Latency > slowAnswer {
		records = min(records, atOnce)
	}
	answered := s.remote.doAtOnce(now, records, atOnce)
	if s.Remote.Latency > slowAnswer {
		if w.lost += s.Remote.Latency * time.Duration(records); w.lost >= patience {
			w.off, w.since = true, answered
			w.ends++
		}
	}
	return answered
}

// wait lets a worker watch a cell.
func (s *sim) wait(w *worker, place int) {
	c := w.cell(place)
	a := &awaited{place: place, cell: c, since: s.now, seen: s.now, version: s.version(c)}
	a.next = s.now + a.backoff.First()
	w.watch(a)
	s.plan(w)
}

// plan plans the next look of a worker, unless there is an earlier one.
func (s *sim) plan(w *worker) {
	if len(w.list) == 0 {
		return
	}
	at := max(w.list[0].next, w.looked, s.now)
	if w.planned >= s.now && w.planned <= at {
		return
	}
	w.round++
	w.planned = at
	s.events.add(event{at: at, what: polls, worker: int32(w.id), which: int32(w.round)})
}

// version stands for the content of a lease file: its owner changes it while it lives.
func (s *sim) version(c int) [2]int64 {
	l := s.leases[c]
	if l == nil {
		return [2]int64{}
	}
	until := s.now
	if l.owner.dead {
		until = l.owner.died
	}
	return [2]int64{int64(l.token), int64((until - l.taken) / disk.DefaultHeartbeat)}
}

// poll looks at the cell of a worker that is next.
func (s *sim) poll(w *worker, round int) {
	if round != w.round || w.done {
		return
	}
	w.planned = -1
	a := w.list[0]
	s.Polls++
	busy := s.cells[a.cell] == held
	if busy {
		w.looked = s.files.do(s.now, opsPoll)
		if v := s.version(a.cell); v != a.version {
			a.version, a.seen = v, s.now
		}
		if disk.HasExpired(s.now-a.seen, s.Expiry) {
			s.cells[a.cell] = free
			delete(s.leases, a.cell)
			busy = false
		}
	} else {
		w.looked = s.files.do(s.now, opsFree)
	}
	if busy {
		a.next = w.looked + a.backoff.Next(s.now-a.since, len(w.list), false)
		heap.Fix(&w.list, 0)
	} else {
		w.drop()
		w.ready.push(a.place)
	}
	s.plan(w)
	if !busy && !w.busy {
		s.next(w)
	}
}
