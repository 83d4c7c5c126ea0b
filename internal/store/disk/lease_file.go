package disk

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// fileLeases are leases for file systems without working locks: files that are created exclusively
// and renewed by their owner.
//
// The leases of a key are numbered: leases/KEY/1, leases/KEY/2, ... The highest number counts.
// Another process may take the next number only after it has seen the content of the file unchanged
// for the whole expiry time on its own clock. So the clocks of two machines are never compared.
// Files are created exclusively, so only one of two concurrent processes gets the next number. It
// then removes the expired file. If the previous owner is still alive, it finds from the missing
// file that its lease is lost.
//
// An owner counts a shorter time (see patience) from the beginning of its last renewal, which is
// before any other process can see the renewal. So it gives up before another process takes over.
type fileLeases struct {
	cache     *Cache
	heartbeat time.Duration
	expiry    time.Duration

	mu   sync.Mutex
	seen map[string]sighting // by path
}

// A sighting is the content of a lease file, and the time since when it has not changed.
type sighting struct {
	text  string
	since time.Time
}

// A leaseText is the content of a lease file. Each renewal changes it.
type leaseText struct {
	store.Owner
	Token   string `json:"token"`
	Renewed int    `json:"renewed"`
}

func (l *fileLeases) patience() time.Duration { return Patience(l.expiry) }

// betweenTries is the time until a folder that its previous owner has removed is made again. On a
// network file system, it may seem to be there for some time.
const betweenTries = 5 * time.Millisecond

func (l *fileLeases) take(key digest.Key) (hold, error) {
	dir := l.cache.leasePath(key)
	for ; ; time.Sleep(betweenTries) {
		if err := l.cache.makeFolder(dir); errors.Is(err, fs.ErrExist) && !lexists(dir) {
			continue // it was there, and the previous owner has just removed it
		} else if err != nil {
			return nil, leaseError(key, err)
		}
		h, err := l.takeIn(dir)
		switch {
		case errors.Is(err, store.ErrHeld):
			return nil, err
		case errors.Is(err, fs.ErrNotExist):
			continue // the previous owner has removed the folder
		case err != nil:
			return nil, leaseError(key, err)
		}
		return h, nil
	}
}

func (l *fileLeases) takeIn(dir string) (*fileHold, error) {
	last, err := l.highest(dir)
	if err != nil {
		return nil, err
	}
	var old string
	if last > 0 {
		expired := false
		if old, expired, err = l.look(numbered(dir, last)); err != nil {
			return nil, err
		}
		if !expired {
			return nil, store.ErrHeld
		}
	}
	h := newFileHold(l, numbered(dir, last+1))
	if err := h.create(); errors.Is(err, fs.ErrExist) {
		return nil, store.ErrHeld
	} else if err != nil {
		return nil, err
	}
	// In the meantime, other processes may have renewed or released the old lease, or taken it over
	// and released it.
	now, err := l.highest(dir)
	if err == nil && last > 0 {
		var text []byte
		text, _, err = readSmall(numbered(dir, last))
		if string(text) != old {
			now = 0
		}
	}
	if err != nil || now != last+1 {
		h.remove()
		return nil, store.ErrHeld
	}
	for n := range last {
		l.remove(numbered(dir, n+1))
	}
	h.start()
	return h, nil
}

// highest is the highest number of a lease file in a folder, or 0 without lease files.
func (l *fileLeases) highest(dir string) (n int, err error) {
	err = l.cache.eachEntry(dir, func(_, name string) error {
		if i, err := strconv.Atoi(name); err == nil {
			n = max(n, i)
		}
		return nil
	})
	return n, err
}

func numbered(dir string, n int) string { return filepath.Join(dir, strconv.Itoa(n)) }

// look reads a lease file, and reports whether it has expired.
func (l *fileLeases) look(path string) (text string, expired bool, err error) {
	content, _, err := readSmall(path)
	switch {
	case l.cache.putOddAside(path, err):
		return "", false, fs.ErrNotExist
	case err != nil && !errors.Is(err, fs.ErrNotExist) && l.cache.cleaning:
		return "", true, nil
	case err != nil:
		return "", false, err
	case l.cache.cleaning:
		return string(content), true, nil // its owner has ended and cannot renew it
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s, known := l.seen[path]
	if !known || s.text != string(content) {
		s = sighting{string(content), time.Now()}
		l.seen[path] = s
	}
	return s.text, HasExpired(time.Since(s.since), l.expiry), nil
}

func (l *fileLeases) remove(path string) {
	os.Remove(path)
	l.mu.Lock()
	delete(l.seen, path)
	l.mu.Unlock()
}

func (l *fileLeases) holder(key digest.Key) (*store.Holder, error) {
	dir := l.cache.leasePath(key)
	last, err := l.highest(dir)
	if err != nil || last == 0 {
		return nil, err
	}
	path := numbered(dir, last)
	text, expired, err := l.look(path)
	if err != nil || expired {
		return nil, ignoreMissing(l.cache.skipUnreadable(path, err))
	}
	h := &store.Holder{}
	var content leaseText
	if json.Unmarshal([]byte(text), &content) == nil {
		h.Owner = &content.Owner
	}
	if isGone(h.Owner) {
		h.Orphan = &store.Orphan{Owner: h.Owner, Path: path, Expires: l.expiry}
	}
	return h, nil
}

// A fileHold is a lease file of this process.
type fileHold struct {
	leases *fileLeases
	path   string
	token  string
	owner  store.Owner
	stop   chan struct{}
	ended  chan struct{} // closed when the lease is lost
	watch  *time.Timer   // ends the lease if a renewal blocks

	files   sync.Mutex // one renewal at a time; it may wait for the file system
	renewed int

	mu     sync.Mutex
	last   time.Duration // since boot, before the last renewal began
	isLost bool
}

func newFileHold(l *fileLeases, path string) *fileHold {
	return &fileHold{
		leases: l, path: path, token: rand.Text(), owner: l.cache.thisOwner(), last: sinceBoot(),
		stop: make(chan struct{}), ended: make(chan struct{}),
	}
}

// create makes the file, which must not exist.
func (h *fileHold) create() error {
	f, err := h.leases.cache.access.Create(h.path)
	if err != nil {
		return err
	}
	if err := errors.Join(h.write(f), f.Close()); err != nil {
		os.Remove(h.path)
		return err
	}
	return nil
}

func (h *fileHold) write(f *os.File) error {
	text, err := json.Marshal(leaseText{h.owner, h.token, h.renewed})
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if _, err := f.WriteAt(text, 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(text)))
}

// start begins the renewals of the lease. The lease may have expired already if this process was
// suspended after it made the file.
func (h *fileHold) start() {
	h.watch = time.AfterFunc(h.leases.patience()-(sinceBoot()-h.last), h.lose)
	go h.keep()
}

// keep renews the lease until it is released or lost.
func (h *fileHold) keep() {
	tick := time.NewTicker(h.leases.heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-h.ended:
			return
		case <-tick.C:
			// Other errors may be temporary: the next renewal may succeed before the lease expires.
			if err := h.renew(); errors.Is(err, store.ErrLost) {
				h.lose()
			}
		}
	}
}

// renew changes the content of the file, if the file still belongs to this lease.
func (h *fileHold) renew() error {
	h.files.Lock()
	defer h.files.Unlock()
	begin := sinceBoot()
	if h.isOver(begin) {
		return store.ErrLost
	}
	f, err := h.open()
	if err != nil {
		return err
	}
	h.renewed++
	if err := errors.Join(h.write(f), f.Close()); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isLost {
		return store.ErrLost
	}
	h.last = begin
	h.watch.Reset(h.leases.patience() - (sinceBoot() - begin))
	return nil
}

// open opens the file. Opening it again shows the changes of other machines on network file
// systems.
func (h *fileHold) open() (*os.File, error) {
	f, _, err := openRegular(h.path, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) || isOdd(err) {
		return nil, store.ErrLost
	} else if err != nil {
		return nil, err
	}
	var content leaseText
	if err := json.NewDecoder(f).Decode(&content); err != nil || content.Token != h.token {
		f.Close()
		return nil, cmp.Or(err, store.ErrLost)
	}
	return f, nil
}

// isOver reports whether the lease may have been taken over. Its clock runs while a machine sleeps,
// and nobody sets it.
func (h *fileHold) isOver(now time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.isLost || now-h.last >= h.leases.patience()
}

func (h *fileHold) lose() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.isLost {
		h.isLost = true
		close(h.ended)
	}
}

func (h *fileHold) check() error {
	err := h.renew()
	if errors.Is(err, store.ErrLost) {
		h.lose()
	}
	return err
}

// sign does nothing: the file names its owner from the start.
func (h *fileHold) sign(store.Owner) error { return nil }

func (h *fileHold) lost() <-chan struct{} { return h.ended }

func (h *fileHold) file() *os.File { return nil }

func (h *fileHold) giveBack() {
	close(h.stop)
	h.watch.Stop()
	h.remove()
}

// remove removes the file if it belongs to this lease, and the folder if it is empty.
func (h *fileHold) remove() {
	h.files.Lock()
	defer h.files.Unlock()
	if h.isOver(sinceBoot()) {
		return
	}
	f, err := h.open()
	if err != nil {
		return
	}
	f.Close()
	h.leases.remove(h.path)
	os.Remove(filepath.Dir(h.path))
}
