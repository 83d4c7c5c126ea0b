// Package disk keeps what was made, under the name of the work that made it.
//
// A Key stands for a piece of work, a Digest for content. An object is a file
// named by the digest of its content. A Record says which objects came of a
// key, and from what. A Lock is the right to do a key's work; Work is the
// folder in which it is done.
//
// The one promise: what Lookup finds is complete, and what Object returns has
// the content it is named after. Killed at any moment, a process leaves a piece
// of work either published as a whole or not at all; what is damaged later is
// missing, with a reason, and never taken for what it was.
//
// The layout on disk is described in docs/format.md. What the work is, and what
// the files mean, is not known here.
package disk
