package disk

import "time"

var processStart = time.Now()

// sinceStart is a clock for systems without a better one. The time of day counts, too, because Go's
// monotonic clock may stop while a machine sleeps.
func sinceStart() time.Duration {
	now := time.Now()
	return max(now.Sub(processStart), now.Round(0).Sub(processStart.Round(0)))
}
