//go:build unix

package disk

import "golang.org/x/sys/unix"

// touch sets the times of a file to now. Unlike other times, everybody who can write to the file
// may set these.
func touch(path string) { _ = unix.Utimes(path, nil) }
