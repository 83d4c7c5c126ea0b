package train

import "time"

// A pace spaces checkpoints in time: the first after some seconds, the next ones
// so that they take less than 2 % of the time. What a training gives does not
// depend on it.
type pace struct {
	last     time.Time
	interval time.Duration
	now      func() time.Time
}

const (
	firstInterval = 10 * time.Second
	costFactor    = 60 // the interval, in the time that a checkpoint takes
)

func newPace(start time.Time) *pace {
	return &pace{last: start, interval: firstInterval, now: time.Now}
}

// run calls save if it is time.
func (p *pace) run(save func()) {
	start := p.now()
	if start.Sub(p.last) < p.interval {
		return
	}
	save()
	p.last = p.now()
	p.interval = max(firstInterval, costFactor*p.last.Sub(start))
}
