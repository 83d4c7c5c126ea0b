//go:build unix

package disk

import "syscall"

// dontFollow makes the opening of a link an error, and that of a named pipe return at once.
const dontFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
