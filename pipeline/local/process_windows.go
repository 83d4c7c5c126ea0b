package local

import (
	"io"
	"os"
	"os/exec"
	"syscall"
)

// startChild starts a child that Ctrl-C does not reach. On Windows a child cannot inherit the lock.
// If this process dies, another run may start the cell while the child is still ending (see grace).
func startChild(cmd *exec.Cmd, _ *os.File) (io.ReadCloser, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	cmd.Stdout = w
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	if err := cmd.Start(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// messages is the pipe for a child's messages. Other output to standard output goes to the log.
func messages() (io.Writer, error) {
	out := os.Stdout
	os.Stdout = os.Stderr
	return out, nil
}

func killGroup(child *os.Process) { child.Kill() }

func killTree(child *os.Process) { killGroup(child) }
