// Package bench holds what the programs share that put foil beside others
// (models/multvae/peer, models/l2l/peer, pipeline/peer): two programs on the same
// tasks, medians, memory of processes that have ended, an environment that tunes
// nobody, command lines, and tables.
package bench
