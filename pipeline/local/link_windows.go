package local

import (
	"io"
	"os"
	"os/exec"
	"syscall"
)

// A link is the parent's end of the connection to a child: two pipes.
type link struct {
	io.WriteCloser
	answers io.ReadCloser
}

// startChild starts a child that Ctrl-C does not reach.
func startChild(cmd *exec.Cmd) (*link, error) {
	orders, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	answers, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	cmd.Stdout = w
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	if err := cmd.Start(); err != nil {
		answers.Close()
		return nil, err
	}
	return &link{orders, answers}, nil
}

func (l *link) Read(p []byte) (int, error) { return l.answers.Read(p) }

// pass sends an empty line. A child has its log from the start. The lease cannot be inherited: if
// this process dies, another run may start the cell while the child is still ending (see grace).
func (l *link) pass(_, _ *os.File) error {
	_, err := l.Write([]byte("\n"))
	return err
}

// hangUp tells the child that there are no more tasks. Its messages can still be read.
func (l *link) hangUp() { l.WriteCloser.Close() }

func (l *link) Close() error {
	l.WriteCloser.Close()
	return l.answers.Close()
}

// An uplink is a child's end of the connection to its parent.
type uplink struct {
	io.Reader
	io.Writer
}

// connect returns the connection to the parent. Other output to standard output goes to the log.
func connect() (*uplink, error) {
	out := os.Stdout
	os.Stdout = os.Stderr
	return &uplink{os.Stdin, out}, nil
}

func (*uplink) open(string) error { return nil }

func (*uplink) closeFiles() error { return nil }
