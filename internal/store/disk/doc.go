// Package disk keeps results in a folder, under the key of the work that made them.
//
// A Key stands for a piece of work, a Digest for content. An object is a file named by the
// digest of its content. A record says which objects came of a key, and from what. A lease is
// the right to make a key: a lock of the operating system where locks work, else a file that
// its owner renews. An attempt is a folder in which the holder of a lease makes the output.
//
// The one promise: what Lookup finds is complete, and what Fetch returns has the content it
// is named after. A process that is killed at any moment leaves a piece of work either
// published as a whole or not at all. What is damaged later is a miss, with a reason.
//
// The layout on disk is described in docs/format.md. This package does not know what the
// work is, or what the files mean.
package disk
