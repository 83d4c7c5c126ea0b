//go:build !linux

package identity

import (
	"os"
	"time"
)

// now is the time of the clock that stamps files.
func now() int64 { return time.Now().UnixNano() }

// tick is the longest time between two ticks of that clock.
const tick = 20 * time.Millisecond

// surroundings returns what is known about the times of an open file, and whether the file may be
// written to at the moment.
func surroundings(*os.File) (t times, inUse bool) { return times{precision: tick}, false }
