// Package pipeline is the contract that the author of a kind reads.
//
// A Kind is one thing a stage can do, such as "split/user-kfold". Define makes one of its
// description, its parameters and its Work. A Cell is what Work.Run is given beside the
// parameters: inputs, random seed, numeric backend, and the ways to write the output and
// to report progress. An Artifact is what it leaves. A Port is a named input. A Task is a
// cell written down, so that an executor can run it in another process or on another
// machine.
//
// The packages below turn a spec into results, in this order: graph (stages become
// nodes), plan (keys, cache hits and misses), run (the loop over an executor). Package
// history compares plans with the past, and package local runs tasks on this machine.
//
// No kind is known here: package stages lists them all.
package pipeline
