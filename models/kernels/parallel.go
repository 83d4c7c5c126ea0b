package kernels

import "sync"

// InParallel divides 0 to n-1 into ranges of about the same length, one for each thread, and calls f
// for each, in goroutines.
func InParallel(n, threads int, f func(from, to int)) {
	if threads = min(threads, n); threads <= 1 {
		f(0, n)
		return
	}
	var wait sync.WaitGroup
	for t := range threads {
		wait.Go(func() { f(n*t/threads, n*(t+1)/threads) })
	}
	wait.Wait()
}
