//go:build unix

package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"foil/internal/checkpoint"
	"foil/internal/digest"
	"foil/internal/testenv"
)

const (
	shareDir  = "FOIL_TEST_SHARE"      // the cache
	shareActs = "FOIL_TEST_SHARE_ACTS" // what TestAsAnotherUser does
)

// TestAsAnotherUser is what the other users of the tests below run.
func TestAsAnotherUser(t *testing.T) {
	dir := os.Getenv(shareDir)
	if dir == "" {
		t.Skip("other tests run it")
	}
	OnNote = func(text string) { fmt.Println("note:", text) }
	c := open(t, dir)
	for act := range strings.FieldsSeq(os.Getenv(shareActs)) {
		act, work, _ := strings.Cut(act, ":")
		switch act {
		case "publish":
			publish(t, c, work, "out", "content of "+work, "sub/both", "content of both")
		case "begin", "abandon":
			w := beginWork(t, c, work, map[string]string{"half": "half"})
			err := errors.Join(os.Mkdir(filepath.Join(w.Out, "sub"), 0o777), os.WriteFile(filepath.Join(w.Out, "sub", "half"), nil, 0o600))
			if err != nil {
				t.Fatal(err)
			}
			err = checkpoint.Save(filepath.Join(w.Checkpoint, "training"), 1, work, nil)
			if err := errors.Join(err, os.WriteFile(w.Log, []byte("line of "+work+"\n"), 0o600), w.Fail(errors.New("it failed"))); err != nil {
				t.Fatal(err)
			}
			if act == "abandon" {
				fmt.Println("PASS") // as if it was killed
				os.Exit(0)
			}
			w.Release()
		case "resume":
			w := beginWork(t, c, work, nil)
			var state string
			if _, err := checkpoint.Load(filepath.Join(w.Checkpoint, "training"), 1, &state); err != nil || state != work || !w.Resumes {
				t.Errorf("the checkpoint of %s: %q, %v", work, state, err)
			}
			if err := checkpoint.Save(filepath.Join(w.Checkpoint, "training"), 1, work, nil); err != nil {
				t.Error(err)
			}
			w.Release()
			publish(t, c, work, "out", "content of "+work)
		case "find":
			r, reason := lookup(t, c, work)
			if r == nil {
				t.Fatal(reason)
			}
			for _, f := range append(r.Outputs, *r.Log) {
				if _, err := c.object(t.Context(), f); err != nil {
					t.Error(err)
				}
			}
		case "verify":
			if r, err := c.Verify(t.Context(), Verification{Repair: true}); err != nil || len(r.Problems) > 0 {
				t.Errorf("verify: %v, %v", r, err)
			}
		case "damage": // as this user
			path := c.recordPath(keyOf(work))
			if err := errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)); err != nil {
				t.Error(err)
			}
		case "gc":
			y := yard{t, c}
			release, err := y.Alone()
			if err != nil {
				t.Fatal(err)
			}
			g, err := y.Garbage(Policy{Keep: keep("kept"), Idle: time.Now().Add(time.Hour)})
			if err := errors.Join(err, y.Remove(g)); err != nil || len(g.Records) == 0 {
				t.Errorf("gc: %+v, %v", g, err)
			}
			release()
		default:
			t.Errorf("unknown act %q", act)
		}
	}
}

// as runs acts as a user, and returns the notes.
func as(t *testing.T, u testenv.User, program, dir, acts string) string {
	t.Helper()
	cmd := u.Command(t.Context(), program, "-test.run=^TestAsAnotherUser$")
	cmd.Env = append(os.Environ(), shareDir+"="+dir, shareActs+"="+acts, "TMPDIR=/tmp")
	cmd.Dir = "/"
	text, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(text), "PASS") {
		t.Fatalf("user %d, %s: %v\n%s", u.ID, acts, err, text)
	}
	var notes []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "note:") {
			notes = append(notes, line)
		}
	}
	return strings.Join(notes, "")
}

// Two users share a cache, whatever their umasks are, and each can go on with the work of the other.
func TestUsersShareACache(t *testing.T) {
	testenv.NeedUsers(t)
	program := testenv.PublicProgram(t, "disk.test")
	const lab = 64242 // the group of the cache
	alice := testenv.User{ID: 65534, Group: 65534, Others: []int{lab}, Umask: 0o077}
	for name, test := range map[string]struct {
		mode  fs.FileMode
		group int
		bob   testenv.User
		files fs.FileMode
	}{
		"everybody":         {0o777, 0, testenv.User{ID: 64321, Group: 64321, Umask: 0o077}, 0o666},
		"a group":           {0o770 | fs.ModeSetgid, lab, testenv.User{ID: 64321, Group: 64321, Others: []int{lab}, Umask: 0o027}, 0o660},
		"without setgid":    {0o770, lab, testenv.User{ID: 64321, Group: lab, Umask: 0o022}, 0o660},
		"others may read":   {0o775, lab, testenv.User{ID: 64321, Group: 64321, Others: []int{lab}, Umask: 0o002}, 0o664},
		"an open umask":     {0o770, lab, testenv.User{ID: 64321, Group: 64321, Others: []int{lab}, Umask: 0}, 0o660},
		"root is the other": {0o777, 0, testenv.User{ID: 0, Group: 0, Umask: 0o077}, 0o666},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(testenv.PublicDir(t), "cache")
			if err := errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, 0, test.group), os.Chmod(dir, test.mode)); err != nil {
				t.Fatal(err)
			}
			notes := as(t, alice, program, dir, "publish:kept publish:one begin:half")
			notes += as(t, alice, program, dir, "abandon:killed")
			checkAccess(t, dir, test.mode, test.files)
			notes += as(t, test.bob, program, dir, "find:one find:kept publish:two resume:half resume:killed verify")
			checkAccess(t, dir, test.mode, test.files)
			notes += as(t, test.bob, program, dir, "damage:one")
			notes += as(t, alice, program, dir, "publish:one find:two find:half find:killed verify begin:later gc find:kept")
			notes += as(t, test.bob, program, dir, "publish:one find:kept verify gc find:kept")
			if notes != "" {
				t.Error(notes)
			}
		})
	}
}

// checkAccess compares the permissions and the group of everything in a cache with those of its
// folder. Files that a program wrote in an attempt that was killed are its own.
func checkAccess(t *testing.T, dir string, folders, files fs.FileMode) {
	t.Helper()
	group := func(info fs.FileInfo) uint32 {
		if folders&0o007 == 0o007 {
			return 0 // it does not matter, and a user may not be in it
		}
		return info.Sys().(*syscall.Stat_t).Gid
	}
	root, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	killed := filepath.Join(dir, workDir, keyOf("killed").String())
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if filepath.Dir(path) == killed && d.Name() != checkpointDir {
			return nil
		}
		if strings.HasPrefix(path, filepath.Join(killed, attemptPrefix)) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := files
		switch {
		case d.IsDir():
			want = folders
		case strings.HasPrefix(path, filepath.Join(dir, objectsDir)):
			want = files & 0o444
		}
		if got := info.Mode() & (fs.ModePerm | fs.ModeSetgid); got != want || group(info) != group(root) {
			t.Errorf("%s has %v and group %d, want %v and %d", strings.TrimPrefix(path, dir), got, group(info), want, group(root))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Who is not in the group of the cache must not open files to his own group.
func TestAnotherGroupGetsNoMoreThanEverybody(t *testing.T) {
	testenv.NeedUsers(t)
	program := testenv.PublicProgram(t, "disk.test")
	dir := filepath.Join(testenv.PublicDir(t), "cache")
	u := testenv.User{ID: 64321, Group: 64321, Umask: 0}
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, u.ID, 64242), os.Chmod(dir, 0o775)); err != nil {
		t.Fatal(err)
	}
	as(t, u, program, dir, "publish:one begin:half")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		info, e := d.Info()
		if err := errors.Join(err, e); err != nil || path == dir {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o020 != 0 || mode&0o040 == 0 {
			t.Errorf("%s has %v", path, mode)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Entries of another user that are closed, such as those of an earlier foil, are skipped, told, and
// replaced where the folder allows it.
func TestClosedEntriesOfAnotherUser(t *testing.T) {
	testenv.NeedUsers(t)
	program := testenv.PublicProgram(t, "disk.test")
	alice := testenv.User{ID: 65534, Group: 65534, Umask: 0o077}
	bob := testenv.User{ID: 64321, Group: 64321, Umask: 0o077}
	object := digest.Of([]byte("content of both")).String()
	for name, test := range map[string]struct {
		path, acts, want string
	}{
		"a record":          {"actions/" + keyOf("one").String()[:2] + "/" + keyOf("one").String() + ".json", "publish:one find:one verify gc", ""},
		"an object":         {"objects/" + object[:2] + "/" + object, "publish:one find:one verify", ""},
		"a work folder":     {"work/" + keyOf("half").String(), "publish:half find:half", "could not be written; renamed to work/closed-"},
		"a checkpoint":      {"work/" + keyOf("half").String() + "/checkpoint", "publish:half find:half", "cannot be read (permission denied); renamed to"},
		"a checkpoint file": {"work/" + keyOf("half").String() + "/checkpoint/training", "publish:half find:half", "cannot be read (permission denied); removed"},
		"a log":             {"work/" + keyOf("half").String() + "/log", "publish:half find:half", ""},
		"in-use":            {"in-use", "find:one publish:two find:two", "in-use cannot be read (permission denied); it is skipped"},
		"a folder of others": {"actions/" + keyOf("one").String()[:2], "publish:two find:two gc",
			"cannot be read (permission denied); it is skipped"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(testenv.PublicDir(t), "cache")
			if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777)); err != nil {
				t.Fatal(err)
			}
			as(t, alice, program, dir, "publish:one begin:half")
			if err := os.Chmod(filepath.Join(dir, test.path), 0); err != nil {
				t.Fatal(err)
			}
			notes := as(t, bob, program, dir, test.acts)
			if !strings.Contains(notes, test.want) || test.want == "" && notes != "" {
				t.Errorf("told: %s", notes)
			}
		})
	}
}

// A process that is killed while it makes a folder leaves an empty one, which is closed to others.
func TestUnfinishedFoldersOfAnotherUserAreNoProblem(t *testing.T) {
	testenv.NeedUsers(t)
	program := testenv.PublicProgram(t, "disk.test")
	alice := testenv.User{ID: 65534, Group: 65534, Umask: 0o077}
	bob := testenv.User{ID: 64321, Group: 64321, Umask: 0o077}
	dir := filepath.Join(testenv.PublicDir(t), "cache")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	as(t, alice, program, dir, "publish:one")
	for _, folder := range []string{objectsDir, actionsDir, workDir} {
		left := filepath.Join(dir, folder, ".new-left")
		if err := errors.Join(os.Mkdir(left, 0o700), os.Chown(left, alice.ID, alice.Group)); err != nil {
			t.Fatal(err)
		}
	}
	if notes := as(t, bob, program, dir, "find:one verify gc"); notes != "" {
		t.Errorf("told: %s", notes)
	}
}

// The owner of a folder without permissions gets them back, and keeps what is in it.
func TestClosedFolderOfThisUserIsOpened(t *testing.T) {
	testenv.NeedUsers(t)
	program := testenv.PublicProgram(t, "disk.test")
	u := testenv.User{ID: 64321, Group: 64321, Umask: 0o022}
	dir := filepath.Join(testenv.PublicDir(t), "cache")
	as(t, u, program, dir, "publish:one")
	closed := filepath.Join(dir, actionsDir, keyOf("one").String()[:2])
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	if notes := as(t, u, program, dir, "find:one verify"); !strings.Contains(notes, "could not be read; it has the permissions of the cache's folder now") {
		t.Errorf("told: %s", notes)
	}
}

// The last use of a record is known even if it belongs to another user.
func TestUseByAnotherUserIsUse(t *testing.T) {
	testenv.NeedUsers(t)
	program := testenv.PublicProgram(t, "disk.test")
	dir := filepath.Join(testenv.PublicDir(t), "cache")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	as(t, testenv.User{ID: 65534, Group: 65534, Umask: 0o077}, program, dir, "publish:one")
	record := filepath.Join(dir, actionsDir, keyOf("one").String()[:2], keyOf("one").String()+".json")
	old := time.Now().AddDate(0, -1, 0)
	if err := os.Chtimes(record, old, old); err != nil {
		t.Fatal(err)
	}
	as(t, testenv.User{ID: 64321, Group: 64321, Umask: 0o077}, program, dir, "find:one")
	if info, err := os.Stat(record); err != nil || time.Since(info.ModTime()) > time.Hour {
		t.Errorf("last used %v, %v", info.ModTime(), err)
	}
}
