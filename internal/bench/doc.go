// Package bench holds what the programs share that put foil beside others
// (internal/bench/multvae, internal/bench/l2l, internal/bench/runner): two programs on the same
// tasks, medians, memory of processes that have ended, an environment that tunes
// nobody, command lines, and tables.
package bench
