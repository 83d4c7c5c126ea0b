package disk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"foil/internal/filelock"
)

// wayFile records how leases are held in a cache. The process that opens the cache for the first
// time tests the locks of the system and writes the file. All other processes follow it, so that
// two processes never hold leases in different ways.
const wayFile = "leases.json"

// The ways to hold leases.
const (
	bySystem = "system" // by locks of the system
	byFiles  = "files"  // by files that are renewed
)

// A way is the content of wayFile.
type way struct {
	Format    int     `json:"format"`
	Leases    string  `json:"leases"`
	Why       string  `json:"why"`                         // for people
	Heartbeat float64 `json:"heartbeat_seconds,omitempty"` // of lease files
	Expiry    float64 `json:"expiry_seconds,omitempty"`
}

// A system is the lock functions of the operating system. Tests replace them.
type system struct {
	exclusive func(*os.File) (ok bool, err error) // see filelock.Exclusive
	shared    func(*os.File) (ok bool, err error) // see filelock.Shared
	network   func(dir string) string             // see networkFileSystem
}

var thisSystem = system{exclusive: filelock.Exclusive, shared: filelock.Shared, network: networkFileSystem}

// ProbeCommand returns a command that calls AnswerProbe with the given path. Open runs it once for
// each new cache, to check that another process cannot take a lock that this process holds. The
// program sets it before it opens a cache. If it is nil, Open tests the locks between two open
// files of this process.
var ProbeCommand func(ctx context.Context, path string) *exec.Cmd

// The answers of a probe.
const (
	probeHeld = "held"
	probeFree = "free"
)

// AnswerProbe tries to lock a file that another process has locked, and writes the result.
func AnswerProbe(path string, answer io.Writer) error { return answerProbe(path, answer, thisSystem) }

func answerProbe(path string, answer io.Writer, on system) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	ok, err := on.exclusive(f)
	if err != nil {
		return err
	}
	text := probeHeld
	if ok {
		text = probeFree
	}
	_, err = fmt.Fprintln(answer, text)
	return err
}

// chooseWay returns how leases are held in the cache, and writes the file in a new cache.
func (c *Cache) chooseWay() (*way, error) {
	path := filepath.Join(c.dir, wayFile)
	w, err := readWay(path)
	if c.putOddAside(path, err) || isOdd(err) && c.readOnly != nil {
		err = fs.ErrNotExist
	}
	if isUnreadable(err) && c.readOnly == nil {
		c.readOnly = &ReadOnlyError{Dir: c.dir, Err: err} // without leases, it can only be read
	}
	switch {
	case isUnreadable(err):
		w = &way{Leases: bySystem}
	case errors.Is(err, fs.ErrNotExist) && c.readOnly != nil:
		w = &way{Leases: bySystem} // no process that holds leases has written here yet
	case errors.Is(err, fs.ErrNotExist):
		if w, err = c.introduceWay(path); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	if network := c.system.network(c.dir); w.Leases == bySystem && network != "" && c.readOnly == nil {
		return nil, fmt.Errorf("cache folder %s: %s says that leases are held by locks of the system, "+
			"but the folder is on %s here, where locks may not reach other machines; "+
			"while no foil uses the cache, write %q for %q there", c.dir, path, network, byFiles, bySystem)
	}
	return w, nil
}

// readWay reads the file. Another process may have created it but not written it yet.
func readWay(path string) (w *way, err error) {
	for range 50 {
		var text []byte
		if text, _, err = readSmall(path); err != nil {
			return nil, err
		}
		w = new(way)
		if err = json.Unmarshal(text, w); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	switch {
	case err != nil:
	case w.Format != 1:
		err = fmt.Errorf("has format %d, and this foil reads format 1", w.Format)
	case w.Leases != bySystem && w.Leases != byFiles:
		err = fmt.Errorf("unknown leases %q; use %q or %q", w.Leases, bySystem, byFiles)
	case w.Leases == byFiles && (w.Heartbeat < 0 || w.heartbeat() >= w.expiry()*3/4):
		err = errors.New("heartbeat_seconds must be above 0 and less than three quarters of expiry_seconds")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; correct the file, or remove it while no foil uses the cache", path, err)
	}
	return w, nil
}

// introduceWay writes how leases are held. If two processes do this at the same time, the second
// follows the first.
func (c *Cache) introduceWay(path string) (*way, error) {
	w := &way{Format: 1, Leases: bySystem}
	var works bool
	if w.Why, works = c.tryLocks(); !works {
		w.Leases = byFiles
		w.Heartbeat, w.Expiry = DefaultHeartbeat.Seconds(), DefaultExpiry.Seconds()
	}
	text, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		return nil, err
	}
	switch err := c.writeNew(path, append(text, '\n')); {
	case errors.Is(err, fs.ErrExist):
		return readWay(path)
	case err != nil:
		return nil, err
	}
	return w, nil
}

// writeNew writes a file as a whole or not at all. The error is fs.ErrExist if the file exists.
func (c *Cache) writeNew(path string, text []byte) error {
	f, err := c.access.Temp(path + "." + strconv.FormatUint(rand.Uint64(), 36))
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	err = moveNew(f.Name(), path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// The system or the file system has no links. Processes that begin at the same time on one
	// machine write the same text.
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	return os.Rename(f.Name(), path)
}

// tryLocks reports whether the locks of the system work between the processes that may use the
// cache, and the reason.
func (c *Cache) tryLocks() (why string, ok bool) {
	if network := c.system.network(c.dir); network != "" {
		return "the folder is on " + network + ", where locks may not reach other machines", false
	}
	f, err := os.CreateTemp(filepath.Join(c.dir, locksDir), "probe-")
	if err != nil {
		return fmt.Sprintf("locks could not be tried: %v", err), false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if ok, err := c.system.exclusive(f); err != nil || !ok {
		return fmt.Sprintf("a file cannot be locked: %v", cmp.Or(err, errors.New("it counts as locked before anybody has done that"))), false
	}
	answer := &strings.Builder{}
	if err := answerProbe(f.Name(), answer, c.system); err != nil || strings.TrimSpace(answer.String()) != probeHeld {
		return "a file that is locked can be locked a second time", false
	}
	if ProbeCommand == nil {
		return "a locked file cannot be locked a second time (tried within one process)", true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	switch text, err := ProbeCommand(ctx, f.Name()).Output(); {
	case strings.TrimSpace(string(text)) == probeFree:
		return "another process can lock a file that is locked", false
	case err != nil || strings.TrimSpace(string(text)) != probeHeld:
		return fmt.Sprintf("a locked file cannot be locked a second time (tried within one process; the second process failed: %v, %q)", err, text), true
	}
	return "a file that is locked cannot be locked by another process", true
}

func (w *way) heartbeat() time.Duration { return seconds(w.Heartbeat, DefaultHeartbeat) }

func (w *way) expiry() time.Duration { return seconds(w.Expiry, DefaultExpiry) }

func seconds(n float64, otherwise time.Duration) time.Duration {
	return cmp.Or(time.Duration(n*float64(time.Second)), otherwise)
}

func (w *way) leasing(c *Cache) leasing {
	if w.Leases == bySystem {
		return systemLeases{c}
	}
	return &fileLeases{cache: c, heartbeat: w.heartbeat(), expiry: w.expiry(), seen: map[string]sighting{}}
}
