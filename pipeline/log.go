package pipeline

import (
	"os"
	"sync"
)

// A logFile is made when something is written to it first: most cells say
// nothing. It continues the log of an interrupted run.
type logFile struct {
	path string

	mu   sync.Mutex
	file *os.File
}

func (l *logFile) Write(p []byte) (int, error) {
	f, err := l.open()
	if err != nil {
		return 0, err
	}
	return f.Write(p)
}

// open returns the file itself, for a process to write to.
func (l *logFile) open() (*os.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.file == nil {
		l.file, err = os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	}
	return l.file, err
}

func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close()
	}
}

// written is the path of the log, empty when nothing was written.
func (l *logFile) written() string {
	if info, err := os.Stat(l.path); err != nil || info.Size() == 0 {
		return ""
	}
	return l.path
}
