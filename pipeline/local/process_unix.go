//go:build unix

package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// messagesFD is where a child finds the pipe for its messages. The one behind it
// is the lease, which a child does not know and only keeps open: programs that
// it starts do as well, since they may write to the cell's folder, too.
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

// messages is where a child writes its messages.
func messages() (io.Writer, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(messagesFD, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFIFO {
		return nil, errors.New("this command is for foil itself: it runs a cell for 'foil run'")
	}
	unix.CloseOnExec(messagesFD)
	return os.NewFile(messagesFD, "messages"), nil
}

// killGroup ends a child and what it started.
func killGroup(child *os.Process) { unix.Kill(-child.Pid, unix.SIGKILL) }

// killTree ends a child that lives and what it started, also where that is in a group of
// its own: the child cannot see to it any more.
func killTree(child *os.Process) {
	groups := groupsBelow(child.Pid)
	killGroup(child)
	for _, g := range groups {
		unix.Kill(-g, unix.SIGKILL)
	}
}

func ending(state *os.ProcessState) string {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return state.String()
	}
	text := fmt.Sprintf("killed by signal %d, %s", int(status.Signal()), unix.SignalName(status.Signal()))
	if status.Signal() == unix.SIGKILL {
		text += ": out of memory?"
	}
	return text
}
