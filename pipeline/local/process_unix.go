//go:build unix

package local

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// messagesFD is the file descriptor of the pipe for a child's messages. The next descriptor is the
// lease. A child only keeps it open. Programs that the child starts inherit it, because they may
// write to the cell's folder, too.
const messagesFD = 3

// startChild starts a child as the leader of a process group.
func startChild(cmd *exec.Cmd, hold *os.File) (io.ReadCloser, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	cmd.Stdout = cmd.Stderr
	cmd.ExtraFiles = []*os.File{w}
	if hold != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, hold)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// messages is the pipe for a child's messages.
func messages() (io.Writer, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(messagesFD, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFIFO {
		return nil, errors.New("this command is internal: 'foil run' starts it for each cell")
	}
	unix.CloseOnExec(messagesFD)
	return os.NewFile(messagesFD, "messages"), nil
}

// killGroup kills a child and the processes that it started.
func killGroup(child *os.Process) { unix.Kill(-child.Pid, unix.SIGKILL) }

// killTree kills a running child and all processes that it started, including those in other
// process groups. The killed child cannot do this itself.
func killTree(child *os.Process) {
	groups := groupsBelow(child.Pid)
	killGroup(child)
	for _, g := range groups {
		unix.Kill(-g, unix.SIGKILL)
	}
}
