package cache

import (
	"fmt"
	"os"
	"path/filepath"
)

// Publish turns the files in Out into objects, and the log as well, and then
// writes the record. When it returns nil, all of that lies safely on disk and
// the work folder is gone; until then Lookup finds nothing, or all of it. It
// fills Format, Key, Outputs and Log of the record; KeyText has to be given.
func (w *Work) Publish(r *Record) error {
	if KeyOf(r.KeyText) != w.key {
		return fmt.Errorf("the text of a record for %s is that of another key", w.key.Short())
	}
	r.Format, r.Key = recordFormat, w.key
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

// publishRecord gives a record its name when all that p has published, and the
// record itself, is on disk.
func (w *Work) publishRecord(r *Record, p *publisher) error {
	text, err := r.encode()
	if err != nil {
		return err
	}
	tmp := filepath.Join(w.dir(), "record.json")
	f, err := os.Create(tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	p.syncs.file(f)
	if err != nil {
		return err
	}
	if err := p.settle(); err != nil {
		return err
	}
	path := w.cache.recordPath(w.key)
	if err := p.into(path, func() error { return os.Rename(tmp, path) }); err != nil {
		return err
	}
	if err := p.syncs.wait(); err != nil {
		return err
	}
	os.RemoveAll(w.dir()) // what stays behind harms nobody
	return nil
}
