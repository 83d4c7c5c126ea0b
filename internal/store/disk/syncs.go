package disk

import (
	"errors"
	"os"
	"sync"
)

// syncsAtOnce is how many files are synced at once: a disk takes several about as fast
// as one, and each is an open file.
const syncsAtOnce = 8

// syncs makes files, and the names in folders, durable, several at once. Only wait
// tells what has become of them.
type syncs struct {
	paths   map[string]bool
	running sync.WaitGroup
	slots   chan struct{}

	mu  sync.Mutex
	err error
}

func newSyncs() *syncs {
	return &syncs{paths: map[string]bool{}, slots: make(chan struct{}, syncsAtOnce)}
}

// file begins to sync a file that was written, and closes it then.
func (s *syncs) file(f *os.File) {
	s.begin(func() error { return errors.Join(f.Sync(), f.Close()) })
}

// path notes a folder in which names were made, or a file that another process has
// written.
func (s *syncs) path(path string) { s.paths[path] = true }

// wait syncs the paths, and returns when all is on disk that was asked for. After an
// error nothing is known of any of it.
func (s *syncs) wait() error {
	for path := range s.paths {
		s.begin(func() error { return syncPath(path) })
	}
	clear(s.paths)
	s.running.Wait()
	return s.err
}

func (s *syncs) begin(sync func() error) {
	s.slots <- struct{}{}
	s.running.Go(func() {
		err := sync()
		<-s.slots
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = errors.Join(s.err, err)
	})
}
