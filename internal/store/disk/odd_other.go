//go:build !unix

package disk

// dontFollow: this system has no such flag, so the entry is looked at before it is opened.
const dontFollow = 0
