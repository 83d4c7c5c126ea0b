package command

import "syscall"

// endWithFoil lets the program be killed when foil is. It belongs to the thread
// that starts the program, which has to live as long.
func endWithFoil(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
