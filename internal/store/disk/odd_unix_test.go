//go:build unix

package disk

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"foil/internal/digest"
)

// oddities make an odd entry at a path where nothing is. outside is a folder beside the cache.
var oddities = map[string]func(path, outside string) error{
	"a folder": func(path, _ string) error {
		return errors.Join(os.Mkdir(path, 0o777), os.WriteFile(filepath.Join(path, "inside"), []byte("x"), 0o666))
	},
	"a file":             func(path, _ string) error { return os.WriteFile(path, []byte("hello"), 0o666) },
	"an empty file":      func(path, _ string) error { return os.WriteFile(path, nil, 0o666) },
	"a dangling link":    func(path, _ string) error { return os.Symlink("nowhere", path) },
	"a link to a file":   func(path, outside string) error { return os.Symlink(filepath.Join(outside, "file"), path) },
	"a link to a folder": func(path, outside string) error { return os.Symlink(outside, path) },
	"a link to itself":   func(path, _ string) error { return os.Symlink(filepath.Base(path), path) },
	"a named pipe":       func(path, _ string) error { return syscall.Mkfifo(path, 0o666) },
}

// useAll uses a cache in every way, and does the work "work" again.
func useAll(t *testing.T, dir string) {
	t.Helper()
	c, err := Open(dir)
	if err != nil {
		t.Fatal("Open: ", err)
	}
	defer c.Close()
	if !Exists(dir) {
		t.Error("the cache does not exist")
	}
	for _, key := range []digest.Key{keyOf("work"), keyOf("half"), keyOf("other")} {
		r, _, err := c.Lookup(t.Context(), key)
		if err != nil {
			t.Error("Lookup: ", err)
		}
		if r != nil {
			for _, f := range r.Outputs {
				c.Fetch(t.Context(), f) // it may be damaged
			}
		}
		if _, err := c.WorkState(key); err != nil {
			t.Error("WorkState: ", err)
		}
		if _, err := c.Holder(t.Context(), key); err != nil {
			t.Error("Holder: ", err)
		}
	}
	for _, err := range c.Records(t.Context()) {
		if err != nil {
			t.Error("Records: ", err)
		}
	}
	if _, err := c.Begun(); err != nil {
		t.Error("Begun: ", err)
	}
	if _, err := c.Verify(t.Context(), Verification{Repair: true}); err != nil {
		t.Error("Verify: ", err)
	}
	release, err := c.AssumeAlone()
	if err != nil {
		t.Fatal("AssumeAlone: ", err)
	}
	if garbage, err := c.Garbage(Policy{}); err != nil {
		t.Error("Garbage: ", err)
	} else if err := c.Remove(garbage); err != nil {
		t.Error("Remove: ", err)
	}
	release()
	for _, text := range []string{"work", "half"} {
		publish(t, c, text, "out", "content")
		if r, reason := lookup(t, c, text); r == nil {
			t.Errorf("%s, made again: %s", text, reason)
		}
	}
	again := open(t, dir)
	if report, err := again.Verify(t.Context(), Verification{}); err != nil || len(report.Problems) > 0 {
		t.Errorf("in the end: %v, %v", report.Problems, err)
	}
}

// One odd entry ends no operation, and no link is followed.
func TestOddEntryEndsNothing(t *testing.T) {
	object := digest.Of([]byte("content")).String()
	work, half := keyOf("work").String(), keyOf("half").String()
	for way, fresh := range bothWays {
		places := []string{leasesDir, "leases/" + half, "leases/" + half + "/1", "leases/" + half + "/7", workDir, damagedDir}
		if way == bySystem {
			places = []string{
				objectsDir, actionsDir, workDir, locksDir, damagedDir, inUseFile, wayFile,
				"objects/" + object[:2], "objects/" + object, "actions/" + work[:2], "actions/" + work, "locks/" + half, "work/" + half,
				"work/" + half + "/log", "work/" + half + "/failed", "work/" + half + "/checkpoint", "work/" + half + "/checkpoint/training",
			}
		}
		names := strings.NewReplacer(object, "OBJECT", work, "KEY", half, "KEY")
		for _, place := range places {
			for _, name := range slices.Sorted(maps.Keys(oddities)) {
				if place == wayFile && strings.HasSuffix(name, "file") && !strings.HasPrefix(name, "a link") {
					continue // a file in the place of a file, which people must correct
				}
				t.Run(way+"/"+names.Replace(place)+"/"+name, func(t *testing.T) {
					notes := told(t)
					c := fresh(t)
					publish(t, c, "work", "out", "content")
					w := beginWork(t, c, "half", nil)
					if err := errors.Join(
						os.Mkdir(w.Checkpoint, 0o777), os.WriteFile(filepath.Join(w.Checkpoint, "training"), []byte("state"), 0o666),
						os.WriteFile(w.Log, []byte("line\n"), 0o666), w.Fail(errors.New("it failed")),
					); err != nil {
						t.Fatal(err)
					}
					w.Release()
					c.Close()
					outside := filepath.Join(filepath.Dir(c.Dir()), "outside")
					if err := errors.Join(os.Mkdir(outside, 0o750), os.WriteFile(filepath.Join(outside, "file"), []byte("secret"), 0o640),
						os.WriteFile(filepath.Join(outside, object), []byte("content"), 0o640), os.WriteFile(filepath.Join(outside, "training"), []byte("precious"), 0o640)); err != nil {
						t.Fatal(err)
					}
					path := filepath.Join(c.Dir(), filepath.FromSlash(place))
					switch dir, name := filepath.Split(path); name {
					case object:
						path = filepath.Join(dir, name[:2], name)
					case work:
						path = filepath.Join(dir, name[:2], name+".json")
					}
					if err := errors.Join(os.RemoveAll(path), os.MkdirAll(filepath.Dir(path), 0o777), oddities[name](path, outside)); err != nil {
						t.Fatal(err)
					}
					before := snapshot(t, outside)
					useAll(t, c.Dir())
					if after := snapshot(t, outside); after != before {
						t.Errorf("outside of the cache there was\n%s\nand now there is\n%s", before, after)
					}
					for i, line := range *notes {
						if slices.Contains((*notes)[:i], line) || !strings.Contains(line, c.Dir()) {
							t.Errorf("told: %s", line)
						}
					}
					if text, err := os.ReadFile(c.objectPath(digest.Of([]byte("secret")))); err == nil {
						t.Errorf("a file from outside became an object: %s", text)
					}
				})
			}
		}
	}
}

func TestOddEntryIsMovedAndToldOnce(t *testing.T) {
	notes := told(t)
	c := openTemp(t)
	path := c.recordPath(publish(t, c, "work", "out", "content").Key)
	for range 2 { // the second one needs another name
		if err := errors.Join(os.RemoveAll(path), os.MkdirAll(filepath.Join(path, "inside"), 0o777)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			r, _ := lookup(t, open(t, c.Dir()), "work")
			if r != nil {
				t.Error("a folder is a hit")
			}
		}
	}
	moved, err := filepath.Glob(filepath.Join(c.Dir(), damagedDir, "*", "inside"))
	if err != nil || len(moved) != 2 || len(*notes) != 2 || !strings.Contains((*notes)[0], "is a folder, not a file; moved to damaged/") {
		t.Errorf("%q in damaged/, %v; told: %q", moved, err, *notes)
	}
}

func TestOddEntryOfAReadOnlyCacheIsSkipped(t *testing.T) {
	notes := told(t)
	c := openTemp(t)
	f := publish(t, c, "good", "out", "fine").Outputs[0]
	record, object := c.recordPath(publish(t, c, "one", "out", "1").Key), c.objectPath(publish(t, c, "two", "out", "2").Outputs[0].Digest)
	if err := errors.Join(os.Remove(record), syscall.Mkfifo(record, 0o666), os.Remove(object), os.Symlink("/etc/hostname", object)); err != nil {
		t.Fatal(err)
	}
	c = lockAway(t, c)
	if r, reason := lookup(t, c, "good"); r == nil {
		t.Error(reason)
	}
	if _, err := c.object(t.Context(), f); err != nil {
		t.Error(err)
	}
	if r, reason := lookup(t, c, "one"); r != nil || reason != "its record is a named pipe" {
		t.Errorf("%v, %q", r, reason)
	}
	if r, reason := lookup(t, c, "two"); r != nil || !strings.HasPrefix(reason, "its output out is not a file") {
		t.Errorf("%v, %q", r, reason)
	}
	if report, err := c.Verify(t.Context(), Verification{Repair: true}); err != nil || len(report.Problems) < 2 {
		t.Errorf("%+v, %v", report, err)
	}
	if len(*notes) != 1 || !strings.Contains((*notes)[0], "is a named pipe; it is skipped") {
		t.Errorf("told: %q", *notes)
	}
}

func TestVerifyNamesOddAndMisplacedEntries(t *testing.T) {
	for name, repair := range map[string]bool{"repair": true, "no repair": false} {
		t.Run(name, func(t *testing.T) {
			notes := told(t)
			c := openTemp(t)
			r := publish(t, c, "work", "out", "content")
			record, err := os.ReadFile(c.recordPath(r.Key))
			key, object := r.Key.String(), r.Outputs[0].Digest.String()
			wrong := []string{
				"actions/00/" + key + ".json", "actions/" + key + ".json", "actions/elsewhere/" + key + ".json",
				"objects/00/" + object, "objects/" + object,
			}
			for _, path := range wrong {
				path = filepath.Join(c.Dir(), filepath.FromSlash(path))
				err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, record, 0o666))
			}
			odd := map[string]string{"actions/fe": "is a file", "objects/fe": "is a symbolic link", c.rel(c.recordPath(keyOf("pipe"))): "is a named pipe"}
			err = errors.Join(err, os.WriteFile(filepath.Join(c.Dir(), "actions/fe"), nil, 0o666), os.Symlink("00", filepath.Join(c.Dir(), "objects/fe")),
				os.MkdirAll(filepath.Dir(c.recordPath(keyOf("pipe"))), 0o777), syscall.Mkfifo(c.recordPath(keyOf("pipe")), 0o666),
				os.WriteFile(filepath.Join(c.Dir(), "actions/README"), nil, 0o666))
			other := keyOf("other") // a record with the name of another key
			err = errors.Join(err, os.MkdirAll(filepath.Dir(c.recordPath(other)), 0o777), os.WriteFile(c.recordPath(other), record, 0o666))
			if err != nil {
				t.Fatal(err)
			}
			if entries, err := c.Entries(); err != nil || len(entries) != 2 {
				t.Errorf("%d records, %v", len(entries), err)
			}
			c = open(t, c.Dir())
			*notes = nil
			if !repair { // Entries has moved them
				for name := range odd {
					path := filepath.Join(c.Dir(), name)
					if !lexists(path) {
						os.Rename(filepath.Join(c.Dir(), damagedDir, filepath.Base(name)), path)
					}
				}
			}
			report, err := c.Verify(t.Context(), Verification{Repair: repair})
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]Problem{}
			for _, p := range report.Problems {
				found[p.Name] = p
			}
			for _, path := range append(wrong, c.rel(c.recordPath(other))) {
				if p, ok := found[path]; !ok || p.SetAside != repair {
					t.Errorf("%s: %+v", path, p)
				}
				_, err := os.Lstat(filepath.Join(c.Dir(), path))
				if (err == nil) == repair {
					t.Errorf("%s: %v", path, err)
				}
			}
			for path, want := range odd {
				if p, ok := found[path]; !repair && (!ok || !strings.HasPrefix(p.Reason, want) || p.SetAside) {
					t.Errorf("%s: %+v", path, p)
				}
			}
			if report.Records != 2 || report.Objects != 2 || len(*notes) != 0 {
				t.Errorf("%+v; told: %q", report, *notes)
			}
			if r, reason := lookup(t, c, "work"); r == nil {
				t.Error(reason)
			}
		})
	}
}

// gc must not take the objects of records that it cannot see.
func TestCleanupKeepsObjectsWhileRecordsAreInDoubt(t *testing.T) {
	for name, hide := range map[string]func(c *Cache, path string) error{
		"a link in the place of a folder": func(c *Cache, path string) error {
			dir := filepath.Dir(path)
			return errors.Join(os.Rename(dir, c.Dir()+"-elsewhere"), os.Symlink(c.Dir()+"-elsewhere", dir))
		},
		"a link in the place of a record": func(c *Cache, path string) error {
			return errors.Join(os.Rename(path, c.Dir()+"-elsewhere"), os.Symlink(c.Dir()+"-elsewhere", path))
		},
		"a link in the place of all records": func(c *Cache, path string) error {
			dir := filepath.Dir(filepath.Dir(path))
			return errors.Join(os.Rename(dir, c.Dir()+"-elsewhere"), os.Symlink(c.Dir()+"-elsewhere", dir))
		},
	} {
		t.Run(name, func(t *testing.T) {
			notes := told(t)
			c := openTemp(t)
			r := publish(t, c, "work", "out", "content")
			c.Close()
			if err := hide(c, c.recordPath(r.Key)); err != nil {
				t.Fatal(err)
			}
			y := yard{t, open(t, c.Dir())}
			release, err := y.Alone()
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			g, err := y.Garbage(Policy{Keep: keep("nothing")})
			if err != nil {
				t.Fatal(err)
			}
			if err := y.Remove(g); err != nil {
				t.Fatal(err)
			}
			for _, f := range append(r.Outputs, *r.Log) {
				if _, err := y.object(t.Context(), f); err != nil {
					t.Error(err)
				}
			}
			if len(*notes) != 2 || !strings.Contains((*notes)[1], "all objects stay this time") || g.Left != 14 {
				t.Errorf("told: %q; %d bytes left", *notes, g.Left)
			}
			if moved, err := os.ReadDir(filepath.Join(y.dir, damagedDir)); err != nil || len(moved) != 1 {
				t.Errorf("what was just moved is gone: %v, %v", moved, err)
			}
		})
	}
}

func TestCleanupRemovesLinksAndNotWhatTheyLeadTo(t *testing.T) {
	for way, fresh := range bothWays {
		c := fresh(t)
		publish(t, c, "work", "out", "content")
		w := beginWork(t, c, "half", nil)
		w.Release()
		outside := filepath.Join(filepath.Dir(c.Dir()), "outside")
		hash := digest.Of([]byte("secret")).String()
		if err := errors.Join(os.Mkdir(outside, 0o750), os.WriteFile(filepath.Join(outside, "file"), []byte("precious"), 0o440),
			os.WriteFile(filepath.Join(outside, hash), []byte("precious"), 0o440)); err != nil {
			t.Fatal(err)
		}
		dead, half := keyOf("dead").String(), keyOf("half").String()
		for i, place := range []string{
			"work/import-dead", "work/" + dead, "work/" + half + "/attempt-dead", "work/" + half + "/link", "work/" + half + "/checkpoint",
			"locks/" + dead, "locks/probe-1", "leases/" + dead, "damaged/" + dead, "damaged/other", "objects/" + hash[:2], "actions/" + dead[:2],
		} {
			path := filepath.Join(c.Dir(), place)
			to := []string{outside, filepath.Join(outside, "file")}[i%2]
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.Symlink(to, path)); err != nil {
				t.Fatal(err)
			}
		}
		before := snapshot(t, outside)
		y := yard{t, open(t, c.Dir())}
		c.Close()
		for range 2 { // the second one empties damaged/
			release, err := y.AssumeAlone()
			if err != nil {
				t.Fatal(err)
			}
			g, err := y.Garbage(Policy{Idle: time.Now().Add(time.Hour)})
			if err := errors.Join(err, y.Remove(g)); err != nil {
				t.Error(err)
			}
			release()
			y.Close()
			y = yard{t, open(t, c.Dir())}
		}
		if after := snapshot(t, outside); after != before {
			t.Errorf("%s: outside of the cache there was\n%s\nand now there is\n%s", way, before, after)
		}
		filepath.WalkDir(c.Dir(), func(path string, d fs.DirEntry, err error) error {
			if d.Type()&fs.ModeSymlink != 0 {
				t.Errorf("%s: %s is still there", way, path)
			}
			return err
		})
	}
}

func TestCacheMayBeALink(t *testing.T) {
	c := openTemp(t)
	c.Close()
	link := c.Dir() + "-link"
	if err := os.Symlink(c.Dir(), link); err != nil {
		t.Fatal(err)
	}
	notes := told(t)
	useAll(t, link)
	if len(*notes) > 0 {
		t.Errorf("told: %q", *notes)
	}
}

// A folder is no cache only because it has a file with the name of one of a cache's folders.
func TestFilesOfAnotherFolderAreNotMoved(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "actions"), []byte("mine"), 0o666), os.Mkdir(filepath.Join(dir, "work"), 0o777)); err != nil {
		t.Fatal(err)
	}
	if c, err := Open(dir); err == nil || !strings.Contains(err.Error(), "actions is a file, not a folder") {
		t.Errorf("%v, %v", c, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "actions")); string(text) != "mine" {
		t.Errorf("%q, %v", text, err)
	}
}

// A program may leave links in its checkpoint, as long as they stay in it.
func TestLinksWithinACheckpointStay(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", nil)
	if err := errors.Join(
		os.MkdirAll(filepath.Join(w.Checkpoint, "step"), 0o777), os.WriteFile(filepath.Join(w.Checkpoint, "step", "2"), []byte("x"), 0o666),
		os.Symlink("step/2", filepath.Join(w.Checkpoint, "last")), os.Symlink("../2", filepath.Join(w.Checkpoint, "step", "out")),
		os.Symlink("../../../objects", filepath.Join(w.Checkpoint, "objects")), os.Symlink(c.Dir(), filepath.Join(w.Checkpoint, "step", "cache")),
	); err != nil {
		t.Fatal(err)
	}
	w.Release()
	w = beginWork(t, c, "work", nil)
	defer w.Release()
	var left []string
	filepath.WalkDir(w.Checkpoint, func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			left = append(left, d.Name())
		}
		return err
	})
	if got := strings.Join(left, " "); got != "last 2" || !w.Resumes {
		t.Errorf("left: %s", got)
	}
	if text, err := os.ReadFile(filepath.Join(w.Checkpoint, "last")); string(text) != "x" {
		t.Errorf("%q, %v", text, err)
	}
}

// What is in a folder that even its owner cannot write can be cleaned up, too.
func TestReadOnlyFoldersAreRemoved(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", nil)
	dir := filepath.Join(w.Out, "closed", "inside")
	if err := errors.Join(os.MkdirAll(dir, 0o777), os.WriteFile(filepath.Join(dir, "x"), nil, 0o666), os.Chmod(dir, 0o500), os.Chmod(filepath.Dir(dir), 0o100)); err != nil {
		t.Fatal(err)
	}
	w.Release()
	y := yard{t, c}
	y.sweep(Policy{Idle: time.Now().Add(time.Hour)})
	if lexists(c.workPath(keyOf("work"))) {
		t.Error("the work folder is still there")
	}
}

// A folder or file that was removed on another machine may be stale on a network file system. It is
// missing.
func TestStaleIsMissing(t *testing.T) {
	stale := &fs.PathError{Op: "open", Path: "x", Err: syscall.ESTALE}
	if err := staleIsMissing(stale); !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, syscall.ESTALE) {
		t.Error(err)
	}
	if err := staleIsMissing(fs.ErrPermission); err != fs.ErrPermission {
		t.Error(err)
	}
	c := openTemp(t)
	c.readDir = func(string) ([]fs.DirEntry, error) { return nil, stale }
	if _, err := c.AllFailures(); err != nil {
		t.Errorf("a stale folder: %v", err)
	}
	if _, err := (&fileLeases{cache: c}).highest(filepath.Join(c.dir, actionsDir)); err != nil {
		t.Errorf("the stale folder of a lease: %v", err)
	}
}
