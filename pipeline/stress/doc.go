// Package stress holds the tests that mistreat runs: kills at random moments, runs
// at once on one cache, a disk that is full.
//
// A run is this package's test binary again, and its cells are processes, too. Its
// kinds only count and wait, so that hundreds of runs take minutes; trainings are
// mistreated in the tests of cmd/foil. What a cell does, it notes in a file outside
// of the cache. FOIL_STRESS says how often something is done, FOIL_STRESS_SEED
// repeats what a test drew.
//
// The one promise: whatever happens, a run ends in the same digests or says why
// not, and finished work is not done again.
package stress
