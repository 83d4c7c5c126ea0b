// Package pipeline is the contract that the author of a kind reads.
//
// A Kind is one type of work that a stage can do, such as "split/user-kfold". A Cell is the
// argument of its Run function: parameters, inputs, random seed, numeric backend, and methods that
// write the output and report progress. An Artifact is the output of a cell. A Port is a named
// input. A Task is a cell in serialized form, so that an executor can run it in another process or
// on another machine.
//
// The packages below turn a spec into results, in this order: graph (stages become
// nodes), plan (keys, cache hits and misses), run (the loop over an executor). Package
// history compares plans with the past, and package local runs tasks on this machine.
//
// This package contains no kinds: package stages lists them all.
package pipeline
