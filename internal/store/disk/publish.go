package disk

import (
	"fmt"
	"foil/internal/store"
	"os"
	"path/filepath"
)

// Publish turns the files in Out into objects, and the log as well, and then
// writes the record. When it returns nil, all of that lies safely on disk and
// the work folder is gone; until then Lookup finds nothing, or all of it. It
// fills Format, Key, Outputs and Log of the record; KeyText has to be given.
func (w *Work) Publish(r *store.Record) error {
	if r.KeyLines.Key() != w.key {
		return fmt.Errorf("the text of a record for %s is that of another key", w.key.Short())
	}
	r.Format, r.Key = store.RecordFormat, w.key
	p := newPublisher(w.cache)
	defer p.syncs.wait() // also where there is an error
	var err error
	if r.Outputs, err = p.folder(w.Out); err != nil {
		return err
	}
	if info, err := os.Stat(w.Log); err == nil && info.Size() > 0 {
		log, err := p.file(w.Log, "log")
		if err != nil {
			return err
		}
		r.Log = &log
	}
	return w.publishRecord(r, p)
}

// publishRecord names a record, and waits until it is on disk with all that p has
// published. In which order that gets there is no matter: of a record or an object that
// a power failure has cut off, the checksum shows it.
func (w *Work) publishRecord(r *store.Record, p *publisher) error {
	text, err := r.Encode()
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(w.dir(), "record.json"))
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		f.Close()
		return err
	}
	path := w.cache.recordPath(w.key)
	if err := p.place(f, path); err != nil {
		return err
	}
	if err := p.settle(); err != nil {
		os.Remove(path)
		return err
	}
	os.RemoveAll(w.dir()) // what stays behind harms nobody
	return nil
}
