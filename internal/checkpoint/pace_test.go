package checkpoint

import (
	"testing"
	"time"
)

func TestCheckpointsTakeLittleOfTheTime(t *testing.T) {
	now := time.Unix(0, 0)
	p := NewPace(now, 0)
	p.now = func() time.Time { return now }
	const epoch, cost = 300 * time.Millisecond, 400 * time.Millisecond
	var spent time.Duration
	for range 10_000 {
		now = now.Add(epoch)
		p.Run(func() { now, spent = now.Add(cost), spent+cost })
	}
	if share := spent.Seconds() / now.Sub(time.Unix(0, 0)).Seconds(); share > 0.02 || share < 0.01 {
		t.Errorf("checkpoints take %.1f %% of the time, want 1 to 2", 100*share)
	}
}
