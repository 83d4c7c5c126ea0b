// Package local is the executor that runs tasks on this machine, in processes of their own.
//
// A Task is written to the standard input of a child, which stays open: its end
// tells the child to stop, because the parent wants that or is gone. The child
// says how it goes in messages, a line of JSON each, on a pipe of their own; its
// standard output and standard error are the cell's log, so what a crash says
// last is kept. A child leads a process group, so a terminal's Ctrl-C reaches the
// parent alone, and what the child started can be ended with it.
//
// The one promise: whatever happens to a child is the failure of its cell alone,
// with an error that says what happened.
package local
