package checkpoint

import "time"

// A Pace spaces checkpoints in time: the first after some seconds, the next ones
// so that they take less than 2 % of the time; or as often as somebody wants. What
// a training gives does not depend on it.
type Pace struct {
	last     time.Time
	interval time.Duration
	fixed    bool // somebody said the interval
	now      func() time.Time
}

const (
	firstInterval = 10 * time.Second
	costFactor    = 60 // the interval, in the time that a checkpoint takes
)

// NewPace takes the interval that somebody wants, 0 where nobody said.
func NewPace(start time.Time, every time.Duration) *Pace {
	p := &Pace{last: start, interval: firstInterval, now: time.Now}
	if every > 0 {
		p.interval, p.fixed = every, true
	}
	return p
}

// Run calls save if it is time.
func (p *Pace) Run(save func()) {
	start := p.now()
	if start.Sub(p.last) < p.interval {
		return
	}
	save()
	p.last = p.now()
	if !p.fixed {
		p.interval = max(firstInterval, costFactor*p.last.Sub(start))
	}
}
