// Package local is the executor that runs tasks on this machine, in processes of their own.
//
// A Task is written to the standard input of a child, which stays open. When the parent closes it
// or ends, the child stops. The child sends messages on a separate pipe, one line of JSON each. Its
// standard output and standard error are the cell's log, so the log keeps the last output before a
// crash. A child leads a process group. So a Ctrl-C in the terminal reaches only the parent, and
// the processes that the child started can be ended with it.
//
// The one promise: a problem in a child fails only its cell, with an error that describes the
// problem.
package local
