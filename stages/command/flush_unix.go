//go:build unix

package command

import "golang.org/x/sys/unix"

// flush writes what programs have left in files to the disks, before it gets its name.
func flush() { unix.Sync() }
