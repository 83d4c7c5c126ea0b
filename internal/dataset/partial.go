package dataset

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"foil/internal/access"
	"foil/internal/digest"
)

// A partial is the beginning of a file that is being downloaded.
//
// It has a name of its own beside the final name, such as .ml-1m.zip.1f3a, because several
// processes may download the same file. When a download ends early, its partial is parked under one
// name, .ml-1m.zip.part. The next download takes it by renaming it, which only one process can.
// A process that was killed cannot park. Its partial is taken when nothing has been written to it
// for a while.
type partial struct {
	file     *os.File
	path     string // the final name
	size     int64
	complete int64 // size of the complete file
	hash     hash.Hash
	etag     string // of the server's file; "" if it is not known
	joined   bool   // the content is not from one response
}

// openPartial opens a partial for a file of so many bytes. It continues what an earlier download has
// left. idle is the time after which a partial has no owner any more.
func openPartial(path string, complete int64, idle time.Duration) (*partial, error) {
	shared, err := access.Above(path)
	if err != nil {
		return nil, err
	}
	if err := shared.MkdirAll(filepath.Dir(path)); err != nil {
		return nil, err
	}
	name, err := newPartial(path, shared, idle)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	p := &partial{file: file, path: path, complete: complete, hash: sha256.New()}
	p.size, err = io.Copy(p.hash, file)
	p.joined = p.size > 0
	if err == nil && p.size > complete {
		err = p.restart()
	}
	if err != nil {
		p.park(false)
		return nil, err
	}
	return p, nil
}

// newPartial returns the name of a new file. It is empty, or has what an earlier download has left.
func newPartial(path string, shared access.Access, idle time.Duration) (name string, err error) {
	name = filepath.Join(filepath.Dir(path), prefixOf(path)+fmt.Sprintf("%x", rand.Uint64()))
	file, err := shared.Create(name)
	if err != nil {
		return "", err
	}
	info, err := file.Stat()
	if err := errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	left := append([]string{parkedName(path)}, abandoned(path, info.ModTime().Add(-idle))...)
	taken := false
	for _, other := range left {
		if info, err := os.Lstat(other); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if taken {
			os.Remove(other)
		} else {
			taken = os.Rename(other, name) == nil // it fails if another process has taken it
		}
	}
	return name, nil
}

const parkedSuffix = "part"

func prefixOf(path string) string { return "." + filepath.Base(path) + "." }

func parkedName(path string) string {
	return filepath.Join(filepath.Dir(path), prefixOf(path)+parkedSuffix)
}

// abandoned lists the partials that were last written before a time. The time is that of the file
// system, which may have another clock.
func abandoned(path string, before time.Time) (list []string) {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), prefixOf(path))
		if !ok || suffix == parkedSuffix || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) {
			list = append(list, filepath.Join(dir, e.Name()))
		}
	}
	return list
}

// Write adds to the end.
func (p *partial) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.hash.Write(b[:n])
	p.size += int64(n)
	return n, err
}

// restart drops the content.
func (p *partial) restart() error {
	p.size, p.etag, p.joined = 0, "", false
	p.hash.Reset()
	_, err := p.file.Seek(0, io.SeekStart)
	return errors.Join(err, p.file.Truncate(0))
}

func (p *partial) digest() digest.Digest { return digest.Digest(p.hash.Sum(nil)) }

// publish gives the complete file its name.
func (p *partial) publish() error {
	err := errors.Join(p.file.Sync(), p.file.Close())
	if err == nil {
		err = os.Rename(p.file.Name(), p.path)
	}
	if err != nil {
		os.Remove(p.file.Name())
	}
	return err
}

// park ends the download. It keeps the content for another one if that is wanted.
func (p *partial) park(keep bool) (kept bool) {
	err := p.file.Close()
	if keep && p.size > 0 && err == nil && os.Rename(p.file.Name(), parkedName(p.path)) == nil {
		return true
	}
	os.Remove(p.file.Name())
	return false
}
