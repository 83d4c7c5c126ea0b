package command

import "syscall"

// endWithFoil makes the kernel kill the program when foil ends. The kernel watches the thread that
// starts the program, so that thread must live as long as the program.
func endWithFoil(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
