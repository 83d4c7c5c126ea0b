// Package stress tests runs under stress: kills at random moments, concurrent runs and workers of
// several nodes on one cache, a full disk, and programs that write to their inputs.
//
// A run is another process of the test binary, and so are its cells. Its kinds only count and
// wait, so that hundreds of runs take minutes. The tests of cmd/foil do the same with trainings.
// Every cell records its work in a file outside the cache. FOIL_STRESS sets the number of
// repetitions, and FOIL_STRESS_SEED repeats the random draws of a test.
//
// The one promise: a run ends with the same digests or with an error that explains why, and
// finished work is not done again.
package stress
