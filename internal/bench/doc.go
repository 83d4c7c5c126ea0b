// Package bench holds the common parts of the programs that compare foil with others
// (internal/bench/multvae, internal/bench/l2l, internal/bench/runner): two programs on the same
// tasks, medians, memory of ended processes, an environment without tuning, command lines, and
// tables.
package bench
