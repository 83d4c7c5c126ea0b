package main

import "time"

// An event is something that happens to a worker.
type event struct {
	at     time.Duration
	number int64 // of the event, so that of two at the same time the earlier one comes first
	what   kind
	worker int32
	which  int32 // cell of ended, poll of polls
}

type kind uint8

const (
	comes  kind = iota // the worker begins to plan
	starts             // the worker has its plan
	goesOn             // the worker takes its next cell
	ended              // the worker has made a cell
	polls              // the worker looks at a cell that others make
	dies               // the node of the worker is lost
)

// A queue is a heap of events.
type queue struct {
	list []event
	last int64
}

func (q *queue) add(e event) {
	q.last++
	e.number = q.last
	q.list = append(q.list, e)
	for i := len(q.list) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.list[i].before(q.list[up]) {
			return
		}
		q.list[i], q.list[up] = q.list[up], q.list[i]
		i = up
	}
}

func (q *queue) next() event {
	first, end := q.list[0], len(q.list)-1
	q.list[0] = q.list[end]
	q.list = q.list[:end]
	for i := 0; ; {
		down := 2*i + 1
		if down >= end {
			return first
		}
		if down+1 < end && q.list[down+1].before(q.list[down]) {
			down++
		}
		if !q.list[down].before(q.list[i]) {
			return first
		}
		q.list[i], q.list[down] = q.list[down], q.list[i]
		i = down
	}
}

func (e event) before(other event) bool {
	return e.at < other.at || e.at == other.at && e.number < other.number
}

// A load is the requests to a server until now.
type load struct {
	Server
	requests int64
	free     time.Duration // when the server has done all of them
}

// do adds requests of one worker, one after the other, and returns when they are answered.
func (l *load) do(now time.Duration, requests int) time.Duration {
	return l.doAtOnce(now, requests, 1)
}

// add adds requests that nobody waits for.
func (l *load) add(requests int) {
	l.requests += int64(requests)
	if l.Rate > 0 {
		l.free += time.Duration(float64(requests) / l.Rate * float64(time.Second))
	}
}

// doAtOnce adds requests of which some are sent at once.
func (l *load) doAtOnce(now time.Duration, requests, atOnce int) time.Duration {
	l.requests += int64(requests)
	if l.Rate > 0 {
		l.free = max(l.free, now) + time.Duration(float64(requests)/l.Rate*float64(time.Second))
	}
	turns := (requests + atOnce - 1) / atOnce
	return max(l.free, now+l.Latency*time.Duration(turns))
}
