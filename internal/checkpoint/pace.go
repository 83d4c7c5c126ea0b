package checkpoint

import "time"

// A Pace chooses the times of checkpoints: the first after some seconds, the next ones so that they
// take less than 2 % of the time, or at a fixed interval. The result of a training does not depend
// on it.
type Pace struct {
	last     time.Time
	interval time.Duration
	fixed    bool // the interval is fixed by the caller
	now      func() time.Time
}

const (
	firstInterval = 10 * time.Second
	costFactor    = 60 // the interval, as a multiple of the time of a checkpoint
)

// NewPace takes a fixed interval, or 0 to choose the interval from the cost of a checkpoint.
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
