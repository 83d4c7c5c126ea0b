//go:build linux || darwin

package disk

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceBoot is a clock of this machine. It runs while the machine sleeps, unlike the monotonic clock
// of package time, and it does not jump when somebody sets the time of day.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(bootClock, &t) != nil {
		return sinceStart()
	}
	return time.Duration(t.Nano())
}
