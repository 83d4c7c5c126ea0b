package disk

import "time"

// The rules of lease files, as functions of times alone. internal/bench/scale simulates thousands of
// workers with them.

// The time between renewals of a lease file, and its expiry time. The process of a cell ends within
// seconds after its lease is lost, which is a quarter of the expiry time before others may take it.
const (
	DefaultHeartbeat = 10 * time.Second
	DefaultExpiry    = time.Minute
)

// HasExpired reports whether another process may take over a lease whose file it has seen unchanged
// for some time, on its own clock.
func HasExpired(unchanged, expiry time.Duration) bool { return unchanged >= expiry }

// Patience is the time without renewal after which an owner gives up. It is shorter than the expiry
// time, so that the processes of the owner have ended before another run takes over.
func Patience(expiry time.Duration) time.Duration { return expiry * 3 / 4 }
