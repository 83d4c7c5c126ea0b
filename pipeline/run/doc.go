// Package run makes the cells of a plan that are not in the store.
//
// Run is a loop over ready steps. A step is a planned cell during a run. The loop owns all state
// and does not depend on machine or disk: it takes leases from a store.Store, makes a pipeline.Task
// for every cell and passes it to an Executor. An Event is a message about the progress of the run,
// an Outcome the result of a cell, and a Result the result of the run.
//
// The one promise: a cell runs only if the same work was not done before, under any name and on any
// machine that shares the store.
package run
