// Package app implements foil's commands, without flags and printing.
//
// An Experiment is a spec with the changes of one command line; Load makes its graph. A Setup names
// the cache and what keys depend on besides the spec. A View is a graph compared with a cache: Run
// makes its missing cells, Status counts them, Rerun makes a cell again, and a Publisher copies
// reports to a folder with their provenance and costs. Kept returns the keys that a cleanup must
// keep.
//
// The one promise: all commands compute the same keys for the same experiment and setup.
package app
