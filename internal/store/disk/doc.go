// Package disk implements store.Store in a folder.
//
// A Key stands for a piece of work, a Digest for content. An object is a file named by the digest
// of its content. A record lists the output objects and the inputs of a key. A lease is the right
// to make a key: a lock of the operating system where locks work, otherwise a file that its owner
// renews. An attempt is a folder in which the holder of a lease writes the output.
//
// The one promise: every result that Lookup finds is complete, and every file that Fetch returns
// has the content of its digest. If a process is killed at any moment, a piece of work is either
// published as a whole or not at all. A result that is damaged later is a miss, with a reason.
//
// docs/format.md describes the layout on disk. This package does not depend on the type of work or
// the meaning of the files.
package disk
