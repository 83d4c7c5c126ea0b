//go:build unix && !linux

package command

import "syscall"

// endWithFoil does nothing. If foil is killed, the program continues, in a folder that the next run
// removes.
func endWithFoil(*syscall.SysProcAttr) {}
