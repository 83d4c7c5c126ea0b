// Package run makes the cells of a plan that are not in the store.
//
// Run is a loop over ready steps, a step being a planned cell during a run. The loop owns
// all state and knows neither machine nor disk: it takes leases from a store.Store, writes
// a pipeline.Task for every cell and hands it to an Executor. An Event is what people are
// told meanwhile, an Outcome what came of a cell, a Result what came of all.
//
// The one promise: a cell runs only if nobody, under any name and on any machine that
// shares the store, has done the same work before.
package run
