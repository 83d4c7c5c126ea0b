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
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		var err error
		if l.file, err = os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666); err != nil {
			return 0, err
		}
	}
	return l.file.Write(p)
}

func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close()
	}
}

// written is the path of the log, empty when there is none.
func (l *logFile) written() string {
	if _, err := os.Stat(l.path); err != nil {
		return ""
	}
	return l.path
}
