package testenv

import "runtime"

// Allocated is the number of bytes that f allocates in all, garbage included. It is an upper bound
// of the memory that f has in use at any time. Other goroutines count, too.
func Allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// InUse is the number of bytes of live objects.
func InUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
