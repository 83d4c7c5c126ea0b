package disk

import (
	"foil/internal/digest"
	"os"
	"path/filepath"
	"time"
)

// Work is the folder in which the work of a key is done. It belongs to whoever
// holds the lock, and stays where it is until the work is published: a killed
// process finds its checkpoints there.
type Work struct {
	Out        string // for the files that are the outcome; empty at the start
	Checkpoint string // kept from run to run; a folder that may not exist yet
	Log        string // path of the log; not made here

	cache *Cache
	key   digest.Key
}

func (c *Cache) work(key digest.Key) *Work {
	dir := c.workPath(key)
	return &Work{
		Out:        filepath.Join(dir, "out"),
		Checkpoint: filepath.Join(dir, "checkpoint"),
		Log:        filepath.Join(dir, "log"),
		cache:      c,
		key:        key,
	}
}

// Begin makes the work folder ready: without what an interrupted run had
// written to Out, and with what it left in Checkpoint.
func (l *Lock) Begin() (*Work, error) {
	w := l.cache.work(l.key)
	if err := os.RemoveAll(w.Out); err != nil {
		return nil, err
	}
	// Most work needs no Checkpoint, and a folder takes longer to make than a file.
	if err := os.MkdirAll(w.Out, 0o777); err != nil {
		return nil, err
	}
	os.Remove(w.failurePath())
	return w, l.writeOwner()
}

// Fail notes, in the work folder, why the work could not be done.
func (w *Work) Fail(reason error) error {
	return os.WriteFile(w.failurePath(), []byte(reason.Error()+"\n"), 0o666)
}

// Resumes says whether an interrupted run left checkpoints.
func (w *Work) Resumes() bool {
	entries, err := os.ReadDir(w.Checkpoint)
	return err == nil && len(entries) > 0
}

// lastCheckpoint says when the newest checkpoint was written, if there is any.
func (w *Work) lastCheckpoint() (when time.Time, ok bool) {
	if !w.Resumes() {
		return when, false
	}
	err := eachEntry(w.Checkpoint, func(path, _ string) error {
		info, err := os.Stat(path)
		if err == nil && info.ModTime().After(when) {
			when = info.ModTime()
		}
		return ignoreMissing(err)
	})
	return when, err == nil && !when.IsZero()
}

func (w *Work) dir() string { return filepath.Dir(w.Out) }
