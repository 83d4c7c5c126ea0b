package disk

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/identity"
	"foil/internal/store"
)

// countHashes counts the files that a cache hashes from now on.
func countHashes(c *Cache) *atomic.Int64 {
	n := &atomic.Int64{}
	c.hash = func(r io.Reader) (digest.Digest, int64, error) {
		n.Add(1)
		return digest.OfReader(r)
	}
	return n
}

// tock waits until the identities of all files are settled. It skips the test on file systems where
// they never are.
func tock(t *testing.T, path string) {
	t.Helper()
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		seen, err := identity.See(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if seen.Settled {
			return
		}
	}
	t.Skip("identities do not settle on this file system")
}

func fetch(t *testing.T, c *Cache, f File) string {
	t.Helper()
	path, err := c.Fetch(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnchangedObjectIsHashedOnce(t *testing.T) {
	c := openTemp(t)
	r := publish(t, c, "work", "out", "content")
	tock(t, c.objectPath(r.Outputs[0].Digest))
	for name, c := range map[string]*Cache{"made here": c, "made by another process": open(t, c.Dir())} {
		hashed := countHashes(c)
		var users sync.WaitGroup
		for range 8 {
			users.Go(func() {
				for range 10 {
					for _, f := range []File{r.Outputs[0], *r.Log} {
						if _, err := c.Fetch(t.Context(), f); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		users.Wait()
		// An object may have been made in the tick in which it was synced.
		if n := hashed.Load(); n > 2 || n < 2 && name != "made here" {
			t.Errorf("%s: hashed %d times", name, n)
		}
		before := hashed.Load()
		publish(t, c, "the same of "+name, "copy", "content")
		if n := hashed.Load() - before; n != 2 { // the copy and its log
			t.Errorf("%s: the same content was published with %d hashes", name, n)
		}
	}
}

// attacks change the content of a file in ways that size and time of the last write do not show.
var attacks = map[string]func(path string) error{
	"written in place": func(path string) error { return os.WriteFile(path, []byte("kontent"), 0o666) },
	"cut and written": func(path string) error {
		return errors.Join(os.Truncate(path, 0), os.WriteFile(path, []byte("kontent"), 0o666))
	},
	"replaced": func(path string) error {
		return errors.Join(os.WriteFile(path+" 2", []byte("kontent"), 0o666), os.Rename(path+" 2", path))
	},
	"removed and written": func(path string) error {
		return errors.Join(os.Remove(path), os.WriteFile(path, []byte("kontent"), 0o444))
	},
}

// withTimes is an attack that restores the times that a program can set.
func withTimes(attack func(path string) error) func(path string) error {
	return func(path string) error {
		info, err := os.Stat(path)
		return errors.Join(err, os.Chmod(path, 0o666), attack(path), os.Chtimes(path, info.ModTime(), info.ModTime()), os.Chmod(path, info.Mode()))
	}
}

func TestChangeIsNoticedAtTheNextUse(t *testing.T) {
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			publish(t, c, "work", "out", "content")
			for round := range 20 {
				f := digest.File{Name: "out", Digest: digest.Of([]byte("content")), Size: 7}
				path := fetch(t, c, f)
				if err := withTimes(attack)(path); err != nil {
					t.Fatal(err)
				}
				var damaged *store.DamagedError
				if path, err := c.Fetch(t.Context(), f); !errors.As(err, &damaged) {
					text, _ := os.ReadFile(path)
					t.Fatalf("round %d: got %q, %v", round, text, err)
				}
				if r, _ := lookup(t, c, "work"); r != nil {
					t.Fatalf("round %d: still a hit", round)
				}
				publish(t, c, "work", "out", "content")
			}
		})
	}
}

func TestNewLinksAndPermissionsAreNoDamage(t *testing.T) {
	c := openTemp(t)
	f := publish(t, c, "work", "out", "content").Outputs[0]
	path := fetch(t, c, f)
	for name, change := range map[string]func() error{
		"permissions": func() error { return os.Chmod(path, 0o644) },
		"a link":      func() error { return os.Link(path, filepath.Join(c.Dir(), "backup")) },
		"times":       func() error { return os.Chtimes(path, time.Now(), time.Now()) },
	} {
		if err := change(); err != nil {
			t.Skipf("%s: %v", name, err)
		}
		fetch(t, c, f)
	}
}

func TestLinkInAnObjectsPlaceIsDamage(t *testing.T) {
	c := openTemp(t)
	f := publish(t, c, "work", "out", "content").Outputs[0]
	path := fetch(t, c, f)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := errors.Join(os.Rename(path, elsewhere), os.Symlink(elsewhere, path)); err != nil {
		t.Skip(err)
	}
	if _, err := c.Fetch(t.Context(), f); !errors.As(err, new(*store.DamagedError)) {
		t.Errorf("got %v", err)
	}
}

// Processes may read an intact object, so the same content does not replace it.
func TestPublishingKeepsAnIntactObject(t *testing.T) {
	c := openTemp(t)
	path := c.objectPath(publish(t, c, "one", "out", "content").Outputs[0].Digest)
	before, err := identity.At(path)
	if err != nil {
		t.Fatal(err)
	}
	publish(t, open(t, c.Dir()), "two", "out", "content")
	if after, err := identity.At(path); err != nil || after != before {
		t.Errorf("%+v, before %+v, %v", after, before, err)
	}
}

// Something still has an output open. It is found, or what it writes later is.
func TestLateWriterDamagesNothing(t *testing.T) {
	for name, write := range map[string]func(f *os.File) error{
		"in place": func(f *os.File) error { _, err := f.WriteAt([]byte("k"), 0); return err },
		"cut":      func(f *os.File) error { return f.Truncate(3) },
		"appended": func(f *os.File) error { _, err := f.WriteAt([]byte("s"), 7); return err },
	} {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			w := beginWork(t, c, "work", map[string]string{"out": "content"})
			late, err := os.OpenFile(filepath.Join(w.Out, "out"), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer late.Close()
			r, err := w.publish(t, "work")
			if err != nil {
				if want := `output "out" is open for writing`; !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
				if r, _ := lookup(t, c, "work"); r != nil {
					t.Error("it is a hit")
				}
				late.Close()
				if _, err := w.publish(t, "work"); err != nil {
					t.Errorf("after its end: %v", err)
				}
				return
			}
			if err := write(late); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Fetch(t.Context(), r.Outputs[0]); !errors.As(err, new(*store.DamagedError)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A write after the hash and before the object is on disk is not published under the digest of what
// was before.
func TestFileThatChangesWhileItIsPublishedIsRefused(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"out": "content"})
	path := filepath.Join(w.Out, "out")
	f := digest.File{Name: "out", Digest: digest.Of([]byte("content")), Size: 7}
	hashed, err := identity.At(path)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if err := os.WriteFile(path, []byte("kontent"), 0o666); err != nil {
		t.Fatal(err)
	}
	name := func() error {
		file, err := openToSync(path)
		if err != nil {
			t.Fatal(err)
		}
		p := newPublisher(c)
		return errors.Join(p.nameAs(t.Context(), file, f, hashed), p.settle())
	}
	if err := name(); err == nil || !strings.Contains(err.Error(), "out changed while it was published") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(c.objectPath(f.Digest)); err == nil {
		t.Error("it is an object")
	}
	// Its time alone is no content: a program that has just changed the object that this one
	// replaces may restore its time.
	if err := os.WriteFile(path, []byte("content"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := name(); err != nil {
		t.Error(err)
	}
	fetch(t, c, f)
}

func TestOutputThatChangesWhileItIsReadIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(path string) error
		want   string
	}{
		"nothing":    {func(string) error { return nil }, ""},
		"written":    {func(path string) error { return os.Chtimes(path, time.Now(), time.Now()) }, `output "out" changed after the cell had ended`},
		"only moded": {func(path string) error { return os.Chmod(path, 0o600) }, ""},
	} {
		c := openTemp(t)
		w := beginWork(t, c, "work", map[string]string{"out": "content"})
		var once sync.Once
		c.hash = func(r io.Reader) (d digest.Digest, n int64, err error) {
			d, n, err = digest.OfReader(r)
			once.Do(func() {
				time.Sleep(20 * time.Millisecond)
				err = errors.Join(err, test.change(filepath.Join(w.Out, "out")))
			})
			return d, n, err
		}
		_, err := w.publish(t, "work")
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A process that outlives its cell may go on writing to the log, but not to the published one.
func TestLogThatIsOpenForWritingIsCopied(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"out": "content"})
	log, err := os.OpenFile(w.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.WriteString("said\n"); err != nil {
		t.Fatal(err)
	}
	r, err := w.publish(t, "work")
	if err != nil {
		t.Fatal(err)
	}
	if seen, err := identity.See(log); err != nil || !seen.InUse {
		t.Skip("open files are not known here")
	}
	if _, err := log.WriteString("late\n"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(fetch(t, c, *r.Log))
	if string(text) != "said\n" || err != nil {
		t.Errorf("log %q, %v", text, err)
	}
}

// What is read outside cells is checked at each use, too, even if this process has read it before.
func TestExportAndCopiesNoticeAChange(t *testing.T) {
	for name, use := range map[string]func(c, to *Cache, r *store.Record) error{
		"export": func(c, _ *Cache, r *store.Record) error { return c.Export(t.Context(), io.Discard, []*store.Record{r}) },
		"copy":   func(c, to *Cache, r *store.Record) error { return c.CopyTo(t.Context(), to, r) },
	} {
		c, to := openTemp(t), openTemp(t)
		r := publish(t, c, "work", "out", "content")
		if err := use(c, to, r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		path := fetch(t, c, r.Outputs[0])
		if err := withTimes(attacks["written in place"])(path); err != nil {
			t.Fatal(err)
		}
		if err := use(c, to, r); !errors.As(err, new(*store.DamagedError)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A program that runs in a copy may write to its inputs, but not to those of the cache.
func TestCopySharesNoFileWithTheCache(t *testing.T) {
	c, to := openTemp(t), openTemp(t)
	r := publish(t, c, "work", "out", "content")
	if err := c.CopyTo(t.Context(), to, r); err != nil {
		t.Fatal(err)
	}
	if err := withTimes(attacks["written in place"])(fetch(t, to, r.Outputs[0])); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(fetch(t, c, r.Outputs[0])); string(text) != "content" || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
}

// openForWriting opens a file for writing. It skips the test where that is not known.
func openForWriting(t *testing.T, path string) *os.File {
	t.Helper()
	w, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if seen, err := identity.See(f); err != nil || !seen.InUse {
		t.Skipf("open files are not known here (%v)", err)
	}
	return w
}

// A file may be large, so it is read only when nothing has it open for writing.
func TestFileThatIsOpenForWritingIsNotRead(t *testing.T) {
	for name, test := range map[string]struct {
		close bool // while the publisher waits
		hash  int64
		want  string
	}{
		"for long":     {false, 0, "is open for writing"},
		"for a moment": {true, 1, ""},
	} {
		c := openTemp(t)
		w := beginWork(t, c, "work", map[string]string{"out": "content"})
		late := openForWriting(t, filepath.Join(w.Out, "out"))
		hashed := countHashes(c)
		if test.close {
			time.AfterFunc(20*time.Millisecond, func() { late.Close() })
		}
		_, err := w.publish(t, "work")
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) || hashed.Load() != test.hash {
			t.Errorf("%s: %v, hashed %d times", name, err, hashed.Load())
		}
	}
}

func TestWaitForAWriterCanBeCancelled(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"out": "content"})
	path := filepath.Join(w.Out, "out")
	openForWriting(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, _, _, err := newPublisher(c).hash(ctx, f); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// The first user of a new object need not hash it, even if it was synced in the tick in which it was
// sealed.
func TestNewObjectIsSettledWithItsRecord(t *testing.T) {
	for name, test := range map[string]struct {
		touch func(path string) error
		want  int64
	}{
		"untouched":   {func(string) error { return nil }, 0},
		"permissions": {func(path string) error { return os.Chmod(path, 0o400) }, 1},
		"linked":      {func(path string) error { return os.Link(path, path+" 2") }, 1},
	} {
		c := openTemp(t)
		w := beginWork(t, c, "work", map[string]string{"out": "content"})
		path := filepath.Join(w.Out, "out")
		tock(t, path)
		p := newPublisher(c)
		f, err := p.file(t.Context(), path, "out")
		if err != nil {
			t.Fatal(err)
		}
		p.syncs.running.Wait()
		p.named[f.Digest].synced.Settled = false
		tock(t, c.objectPath(f.Digest))
		if err := errors.Join(test.touch(c.objectPath(f.Digest)), p.settle()); err != nil {
			t.Fatal(err)
		}
		hashed := countHashes(c)
		fetch(t, c, f)
		if n := hashed.Load(); n != test.want {
			t.Errorf("%s: hashed %d times", name, n)
		}
	}
}

// An object that changes whenever it is read is read again only if its content is right.
func TestChangingObject(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows replaces no open file")
	}
	repair := func(path string) error {
		return errors.Join(os.WriteFile(path+" 2", []byte("content"), 0o444), os.Rename(path+" 2", path))
	}
	for name, test := range map[string]struct {
		content string
		change  func(path string) error // during the first reads
		changes int                     // number of these reads
		reads   int
		stays   bool
		want    string
	}{
		"only moded":          {"content", func(path string) error { return os.Chmod(path, 0o600) }, 3, 3, true, "changes while it is read"},
		"other content":       {"kontent", func(path string) error { return os.Chmod(path, 0o600) }, 3, 1, false, "has unexpected content"},
		"repaired while read": {"kontent", repair, 1, 2, true, ""},
		"linked":              {"content", func(path string) error { return os.Link(path, path+" 2") }, 1, 2, true, ""},
		"linked, bad content": {"kontent", func(path string) error { return os.Link(path, path+" 2") }, 1, 1, false, "has unexpected content"},
	} {
		c := openTemp(t)
		f := publish(t, c, "work", "out", "content").Outputs[0]
		path := c.objectPath(f.Digest)
		if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte(test.content), 0o600)); err != nil {
			t.Fatal(err)
		}
		c = open(t, c.Dir())
		reads := 0
		c.hash = func(r io.Reader) (digest.Digest, int64, error) {
			reads++
			time.Sleep(20 * time.Millisecond)
			d, n, err := digest.OfReader(r)
			if reads <= test.changes {
				err = errors.Join(err, test.change(path))
			}
			return d, n, err
		}
		_, err := c.Fetch(t.Context(), f)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) || reads != test.reads {
			t.Errorf("%s: %v, read %d times", name, err, reads)
		}
		if stays := lexists(path); stays != test.stays {
			t.Errorf("%s: it stays: %v", name, stays)
		}
	}
}

// A wrong record asks for another size. The comparison of the object with its digest can be
// interrupted, and then says nothing.
func TestInterruptedComparisonOfAnUnreadObject(t *testing.T) {
	c := openTemp(t)
	f := publish(t, c, "work", "out", strings.Repeat("content", 100_000)).Outputs[0]
	wrong := f
	wrong.Size++
	for looks := range 8 {
		if _, err := c.Fetch(looksAt(t, looks), wrong); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		fetch(t, c, f)
	}
	if _, err := c.Fetch(t.Context(), wrong); !errors.As(err, new(*store.DamagedError)) {
		t.Errorf("got %v", err)
	}
	fetch(t, c, f)
}
