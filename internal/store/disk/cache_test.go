package disk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"foil/internal/digest"
	"foil/internal/store"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func openTemp(t testing.TB) *Cache {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// publish does the work called text: its outputs are files, name and content.
func publish(t testing.TB, c *Cache, text string, files ...string) *store.Record {
	t.Helper()
	lock, err := c.TryLock(digest.KeyOf(text))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	work, err := lock.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(work.Out, files[i])
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(files[i+1]), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(work.Log, []byte("a line\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r := &store.Record{KeyText: text, Kind: "test/kind", Version: 1, Started: time.Unix(1, 0).UTC()}
	if err := work.Publish(r); err != nil {
		t.Fatal(err)
	}
	return r
}

func lookup(t testing.TB, c *Cache, text string) (*store.Record, string) {
	t.Helper()
	r, reason, err := c.Lookup(digest.KeyOf(text))
	if err != nil {
		t.Fatal(err)
	}
	return r, reason
}

func TestPublishedWorkIsFound(t *testing.T) {
	c := openTemp(t)
	if r, reason := lookup(t, c, "work"); r != nil || reason != store.NeverMade.Reason {
		t.Fatalf("before: %v, %q", r, reason)
	}
	publish(t, c, "work", "b.txt", "same", "a/c.txt", "same", "d.txt", "other", "empty", "")
	again, err := Open(c.Dir())
	if err != nil {
		t.Fatal(err)
	}
	r, reason := lookup(t, again, "work")
	if r == nil {
		t.Fatalf("miss: %s", reason)
	}
	var names []string
	for _, f := range r.Outputs {
		names = append(names, f.Name)
		path, err := again.Object(f)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o222 != 0 {
			t.Errorf("%s can be written (%s)", f.Name, info.Mode())
		}
	}
	if got := strings.Join(names, " "); got != "a/c.txt b.txt d.txt empty" {
		t.Errorf("outputs %s", got)
	}
	if r.Log == nil {
		t.Error("the log is not in the record")
	}
	for _, dir := range []string{workDir, locksDir, damagedDir} {
		if left, _ := os.ReadDir(filepath.Join(c.Dir(), dir)); len(left) > 0 {
			t.Errorf("%s/%s is left over", dir, left[0].Name())
		}
	}
}

func TestUnpublishedWorkIsNotFound(t *testing.T) {
	c := openTemp(t)
	lock, err := c.TryLock(digest.KeyOf("work"))
	if err != nil {
		t.Fatal(err)
	}
	work, err := lock.Begin()
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(work.Out, "half"), []byte("x"), 0o666)
	os.Mkdir(work.Checkpoint, 0o777)
	os.WriteFile(filepath.Join(work.Checkpoint, "epoch3"), []byte("x"), 0o666)
	lock.Unlock() // as the operating system does for a killed process

	if r, _ := lookup(t, c, "work"); r != nil {
		t.Fatal("unfinished work was found")
	}
	lock, err = c.TryLock(digest.KeyOf("work"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	if work, err = lock.Begin(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(work.Out); len(entries) > 0 {
		t.Error("the next run finds half an output")
	}
	if !work.Resumes() {
		t.Error("the next run does not find the checkpoint")
	}
}

func TestWorkWithoutProperOutputIsRefused(t *testing.T) {
	for name, write := range map[string]func(out string) error{
		"no output was written": func(string) error { return nil },
		"not a regular file":    func(out string) error { return os.Symlink("/dev/null", filepath.Join(out, "link")) },
		"not UTF-8":             func(out string) error { return os.WriteFile(filepath.Join(out, "a\xff"), nil, 0o666) },
	} {
		c := openTemp(t)
		lock, err := c.TryLock(digest.KeyOf("work"))
		if err != nil {
			t.Fatal(err)
		}
		work, err := lock.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if err := write(work.Out); err != nil {
			t.Fatal(err)
		}
		if err := work.Publish(&store.Record{KeyText: "work"}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
		lock.Unlock()
		if r, _ := lookup(t, c, "work"); r != nil {
			t.Errorf("%s: published", name)
		}
	}
}

// Whatever is flipped or cut, a record is either whole or a miss.
func TestDamagedRecordIsAMiss(t *testing.T) {
	c := openTemp(t)
	r := publish(t, c, "work", "out", "content")
	path := c.recordPath(r.Key)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		if r, reason := lookup(t, c, "work"); r != nil || !strings.HasPrefix(reason, "its record ") {
			t.Fatalf("%s: record %v, reason %q", what, r, reason)
		}
	}
	for i := range whole {
		flipped := bytes.Clone(whole)
		flipped[i] ^= 1
		try(fmt.Sprintf("byte %d flipped", i), flipped)
		try(fmt.Sprintf("cut at %d", i), whole[:i])
	}
	try("another key's", func() []byte {
		other := publish(t, c, "other", "out", "content")
		text, _ := other.Encode()
		return text
	}())
	publish(t, c, "work", "out", "content")
	if r, reason := lookup(t, c, "work"); r == nil {
		t.Errorf("not healed: %s", reason)
	}
}

func TestNewerRecordIsRefusedWhateverIsInIt(t *testing.T) {
	c := openTemp(t)
	r := publish(t, c, "work", "out", "content")
	r.Format = store.RecordFormat + 1
	text, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"fields as they are": text,
		"another layout":     resealed([]byte("{\n \"outputs\": {\"a\": 1},\n \"key\": 7,\n \"format\": 2,\n" + store.SumPrefix + "\"}\n")),
	} {
		os.WriteFile(c.recordPath(r.Key), text, 0o666)
		_, _, err = c.Lookup(r.Key)
		var newer *store.NewerFormatError
		if !errors.As(err, &newer) || newer.Format != store.RecordFormat+1 || !strings.Contains(err.Error(), "newer foil") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestFolderInAnObjectsPlaceMakesWayForIt(t *testing.T) {
	c := openTemp(t)
	r := publish(t, c, "work", "out", "content")
	path := c.objectPath(r.Outputs[0].Digest)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o777); err != nil {
		t.Fatal(err)
	}
	c = open(t, c.Dir()) // as another process would
	publish(t, c, "work", "out", "content")
	if r, reason := lookup(t, c, "work"); r == nil {
		t.Error(reason)
	}
}

func TestDamagedObjectIsSetAsideAndHealed(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"gone":      os.Remove,
		"truncated": func(path string) error { return os.WriteFile(path, []byte("con"), 0o666) },
		"flipped":   func(path string) error { return os.WriteFile(path, []byte("kontent"), 0o666) },
		"a folder": func(path string) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o777))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			f := publish(t, c, "work", "out", "content").Outputs[0]
			path := c.objectPath(f.Digest)
			os.Chmod(path, 0o666)
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			c, _ = Open(c.Dir()) // as another process would
			_, err := c.Object(f)
			var damaged *store.DamagedError
			if !errors.As(err, &damaged) {
				t.Fatalf("got %v", err)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("it is still in its place")
			}
			if _, err := os.Stat(filepath.Join(c.Dir(), damagedDir, f.Digest.String())); (err != nil) != (name == "gone") {
				t.Errorf("set aside: %v", err)
			}
			want := "its output out was damaged, and was set aside"
			if name == "gone" {
				want = "its output out is missing from the cache"
			}
			if r, reason := lookup(t, c, "work"); r != nil || reason != want {
				t.Errorf("lookup: %v, %q", r, reason)
			}
			publish(t, c, "work", "out", "content")
			if _, err := c.Object(f); err != nil {
				t.Errorf("not healed: %v", err)
			}
		})
	}
}

// An object is replaced when the same content is published, since nobody has
// looked whether it is damaged.
func TestPublishingHealsAnObjectNobodyRead(t *testing.T) {
	c := openTemp(t)
	f := publish(t, c, "one", "out", "content").Outputs[0]
	os.Chmod(c.objectPath(f.Digest), 0o666)
	os.WriteFile(c.objectPath(f.Digest), []byte("kontent"), 0o666)
	c, _ = Open(c.Dir())
	publish(t, c, "two", "out", "content")
	c, _ = Open(c.Dir())
	if _, err := c.Object(f); err != nil {
		t.Error(err)
	}
}

func TestUnusableFolderIsExplained(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o666)
	within := t.TempDir()
	os.WriteFile(filepath.Join(within, "objects"), nil, 0o666)
	readOnly := t.TempDir()
	os.Chmod(readOnly, 0o555)
	for dir, want := range map[string]string{
		file:                       "is a file, not a folder",
		filepath.Join(file, "sub"): "cannot be written",
		within:                     "cannot be written",
		readOnly:                   "cannot be written",
	} {
		_, err := Open(dir)
		if dir == readOnly && os.Geteuid() == 0 {
			continue // nothing is read-only for root
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: got %v", dir, err)
		}
	}
}

func TestLockHasOneOwner(t *testing.T) {
	c := openTemp(t)
	var inside, most atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				l, err := c.Lock(t.Context(), digest.KeyOf("work"))
				if err != nil {
					t.Error(err)
					return
				}
				most.Store(max(most.Load(), inside.Add(1)))
				time.Sleep(100 * time.Microsecond)
				inside.Add(-1)
				l.Unlock()
			}
		})
	}
	group.Wait()
	if most.Load() != 1 {
		t.Errorf("%d owners at once", most.Load())
	}
}

func TestWaitingForALockCanBeCancelled(t *testing.T) {
	c := openTemp(t)
	l, err := c.TryLock(digest.KeyOf("work"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Lock(ctx, digest.KeyOf("work")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := c.TryLock(digest.KeyOf("work")); !errors.Is(err, store.ErrHeld) {
		t.Errorf("got %v", err)
	}
}

// FuzzDecodeRecord gives every text a second time with the checksum that belongs to
// it: chance alone gets none past that.
func FuzzDecodeRecord(f *testing.F) {
	r := &store.Record{
		Format: 1, Key: digest.KeyOf("work"), KeyText: "work", Outputs: []File{{Name: "out"}}, Log: &File{Name: "log"},
		Inputs: []store.Input{{Name: "in"}}, Timings: []store.Timing{{Name: "epoch", Seconds: 0.5}}, Started: time.Unix(1, 0).UTC(),
	}
	text, err := r.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("{}\n"))
	f.Add([]byte("{\n \"format\": 2,\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, text := range [][]byte{text, resealed(text)} {
			r, err := store.DecodeRecord("record", text, digest.KeyOf("work"))
			if (r == nil) == (err == nil) {
				t.Fatalf("record %v, error %v", r, err)
			}
			if r == nil {
				continue
			}
			again, err := r.Encode()
			if err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
			if same, err := store.DecodeRecord("record", again, r.Key); err != nil || !reflect.DeepEqual(r, same) {
				t.Errorf("%+v is read back as %+v, %v", r, same, err)
			}
		}
	})
}

// resealed puts the right last line in place of a text's own.
func resealed(text []byte) []byte {
	body := text[:bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n')+1]
	return fmt.Appendf(nil, "%s%s%x\"}\n", body, store.SumPrefix, sha256.Sum256(body))
}

func BenchmarkPublishTrivialWork(b *testing.B) {
	c := openTemp(b)
	for i := 0; b.Loop(); i++ {
		publish(b, c, fmt.Sprint("work ", i), "out", fmt.Sprint("content ", i))
	}
}
