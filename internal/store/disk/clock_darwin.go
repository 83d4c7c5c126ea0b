package disk

import "golang.org/x/sys/unix"

// On this system, the clock runs while the machine sleeps.
const bootClock = unix.CLOCK_MONOTONIC
