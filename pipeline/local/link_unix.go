//go:build unix

package local

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// reservedFD is the file descriptor that a child inherits. First it is the child's end of the
// connection. During a task it is the file of the lease, which the child only keeps open. Programs
// that the child starts inherit it, because they may write to the cell's folder, too.
const reservedFD = 3

// A link is the parent's end of the connection to a child.
type link struct{ *net.UnixConn }

// startChild starts a child as the leader of a process group.
func startChild(cmd *exec.Cmd) (*link, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	defer ours.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, err
	}
	cmd.Stdout = cmd.Stderr
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		conn.Close()
		return nil, err
	}
	return &link{conn.(*net.UnixConn)}, nil
}

func socketPair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	return os.NewFile(uintptr(fds[0]), "child"), os.NewFile(uintptr(fds[1]), "parent"), nil
}

// The names of the files that are passed with a task.
const (
	passedLog   = "log"
	passedLease = "lease"
)

// pass sends the files of the next task, in a line with their names. Nil files are left out. The
// line is short, so this does not block.
func (l *link) pass(log, lease *os.File) error {
	var names []string
	var fds []int
	for _, f := range []struct {
		name string
		file *os.File
	}{{passedLog, log}, {passedLease, lease}} {
		if f.file != nil {
			names, fds = append(names, f.name), append(fds, int(f.file.Fd()))
		}
	}
	_, _, err := l.WriteMsgUnix([]byte(strings.Join(names, " ")+"\n"), unix.UnixRights(fds...), nil)
	return err
}

// hangUp tells the child that there are no more tasks. Its messages can still be read.
func (l *link) hangUp() { l.CloseWrite() }

// An uplink is a child's end of the connection to its parent.
type uplink struct {
	*net.UnixConn
	passed []int // file descriptors that have been received and not used
	null   int
}

// connect returns the connection to the parent.
func connect() (*uplink, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(reservedFD, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, errors.New("this command is internal: 'foil run' starts it for each cell")
	}
	fd, err := unix.FcntlInt(reservedFD, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(fd), "parent")
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: os.DevNull, Err: err}
	}
	u := &uplink{UnixConn: conn.(*net.UnixConn), null: null}
	return u, u.keep(null)
}

// Read reads from the connection, and notes the file descriptors that come with the data.
func (u *uplink) Read(p []byte) (int, error) {
	rights := make([]byte, unix.CmsgSpace(2*4)) // for two
	n, size, _, _, err := u.ReadMsgUnix(p, rights)
	if size > 0 {
		messages, err := unix.ParseSocketControlMessage(rights[:size])
		if err != nil {
			return n, err
		}
		for _, m := range messages {
			fds, err := unix.ParseUnixRights(&m)
			if err != nil {
				return n, err
			}
			u.passed = append(u.passed, fds...)
		}
	}
	if n == 0 && err == nil && len(p) > 0 {
		err = io.EOF
	}
	return max(n, 0), err // it is -1 if the parent ended before it had read all messages
}

// open makes the files of a task those of this process: see link.pass. It is called after the line
// with their names was read.
func (u *uplink) open(line string) error {
	names := strings.Fields(line)
	if len(names) != len(u.passed) {
		return fmt.Errorf("%d files were received instead of %d", len(u.passed), len(names))
	}
	for i, name := range names {
		fd := u.passed[i]
		var err error
		switch name {
		case passedLog:
			err = errors.Join(unix.Dup2(fd, unix.Stdout), unix.Dup2(fd, unix.Stderr))
		case passedLease:
			err = unix.Dup2(fd, reservedFD) // without close-on-exec: see reservedFD
		}
		unix.Close(fd)
		if err != nil {
			return fmt.Errorf("the %s of the task: %w", name, err)
		}
	}
	u.passed = nil
	return nil
}

// closeFiles gives the files of a task back.
func (u *uplink) closeFiles() error {
	return errors.Join(unix.Dup2(u.null, unix.Stdout), unix.Dup2(u.null, unix.Stderr), u.keep(u.null))
}

// keep lets the reserved file descriptor stand for a file that programs do not inherit.
func (u *uplink) keep(fd int) error {
	if err := unix.Dup2(fd, reservedFD); err != nil {
		return err
	}
	unix.CloseOnExec(reservedFD)
	return nil
}
