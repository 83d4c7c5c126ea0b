//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"foil/internal/testenv"
)

const oddSpec = `name: odd
stages:
  ratings: {uses: load/synthetic, with: {users: 100, items: 80}}
  core: {uses: filter/k-core, needs: {interactions: ratings}, with: {users: 5, items: 5}}
  fold: {uses: split/user-kfold, needs: {interactions: core}, matrix: {fold: [0, 1]}, with: {fold: "${matrix.fold}"}}
  note: {uses: command, with: {run: [sh, -c, "echo text > out/note"], outputs: [note]}}
`

// TestOddEntriesEndNoCommand puts odd entries at random places of a cache: instead of what is there,
// or where something may be later. Every command then does what it can, and follows no link.
func TestOddEntriesEndNoCommand(t *testing.T) {
	r := newRig(t)
	r.write("odd.yaml", []byte(oddSpec))
	run := func(cache string) string {
		cmd, said := r.foil(cache, "run", "odd.yaml")
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		return r.digests(cache)
	}
	want := run("undisturbed")
	if cmd, said := r.foil("undisturbed", "export", "odd.yaml", "-o", "bundle.tar"); cmd.Run() != nil {
		t.Fatal(said)
	}
	outside := filepath.Join(r.dir, "outside")
	if err := errors.Join(os.Mkdir(outside, 0o755), os.WriteFile(filepath.Join(outside, "file"), []byte("precious"), 0o644)); err != nil {
		t.Fatal(err)
	}
	commands := [][]string{
		{"run", "odd.yaml"}, {"plan", "odd.yaml"}, {"status", "odd.yaml"}, {"gc"}, {"gc", "--dry-run"}, {"verify"}, {"verify", "--no-repair"},
		{"export", "odd.yaml", "-o", "again.tar"}, {"import", "bundle.tar"}, {"get", "odd.yaml", "core"}, {"get", "odd.yaml", "note", "--to", "copy"},
		{"explain", "odd.yaml", "fold[fold=1]"}, {"log", "odd.yaml", "note"},
	}
	mayFail := map[string]bool{"verify": true, "get": true, "log": true, "export": true} // where something is missing
	run("cache")
	cache := filepath.Join(r.dir, "cache")
	for range testenv.Times(t, 15) {
		place, odd := r.makeOdd(cache, outside)
		args := commands[r.rnd.IntN(len(commands))]
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd, said := r.foil("cache", args...)
		err := within(ctx, cmd)
		cancel()
		var exit *exec.ExitError
		failed := err != nil && (!errors.As(err, &exit) || exit.ExitCode() != exitFailure || !mayFail[args[0]])
		if failed || strings.Contains(said.String(), "goroutine ") {
			t.Fatalf("with %s at %s, foil %s: %v\n%s", odd, place, strings.Join(args, " "), err, said)
		}
		if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
			t.Fatalf("with %s at %s, foil %s changed what is outside: %v, %v", odd, place, strings.Join(args, " "), entries, err)
		}
		if text, err := os.ReadFile(filepath.Join(outside, "file")); string(text) != "precious" {
			t.Fatalf("with %s at %s, foil %s changed what is outside: %q, %v", odd, place, strings.Join(args, " "), text, err)
		}
	}
	cmd, _ := r.foil("cache", "verify")
	_ = cmd.Run() // it may find what no command has met, such as a link in the place of an unused folder
	if got := run("cache"); got != want {
		t.Errorf("in the end the records are\n%s\nwant\n%s", got, want)
	}
	if cmd, said := r.foil("cache", "verify"); cmd.Run() != nil {
		t.Errorf("verify in the end:\n%s", said)
	}
}

// within is cmd.Run, and kills the command at the end of the context.
func within(ctx context.Context, cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	defer stop()
	return cmd.Wait()
}

// makeOdd puts an odd entry in the place of a random entry of a cache, or where there is none.
func (r *rig) makeOdd(cache, outside string) (place, odd string) {
	r.Helper()
	hash := strings.Repeat(fmt.Sprintf("%02x", r.rnd.IntN(256)), 32)
	places := []string{ // that may be free
		"leases", "leases/" + hash, "locks/" + hash, "work/" + hash, "objects/" + hash[:2], "actions/" + hash[:2],
		"objects/" + hash[:2] + "/" + hash, "actions/" + hash[:2] + "/" + hash + ".json", "damaged/" + hash,
	}
	filepath.WalkDir(cache, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(cache, path)
		if err == nil && path != cache && !strings.HasPrefix(name, "damaged/") && d.Name() != "inside" { // no name of a cache
			places = append(places, name)
		}
		return nil
	})
	place = places[r.rnd.IntN(len(places))]
	path := filepath.Join(cache, place)
	for dir := filepath.Dir(path); dir != cache; dir = filepath.Dir(dir) {
		if info, err := os.Lstat(dir); err == nil && !info.IsDir() {
			return place, "what is in its way" // which is odd enough; this test must not follow a link
		}
	}
	os.MkdirAll(filepath.Dir(path), 0o777)
	isFile := false
	if info, err := os.Lstat(path); err == nil {
		isFile = info.Mode().IsRegular()
	}
	makes := map[string]func() error{
		"a folder":           func() error { return os.MkdirAll(filepath.Join(path, "inside"), 0o777) },
		"a dangling link":    func() error { return os.Symlink("nowhere", path) },
		"a link to a file":   func() error { return os.Symlink(filepath.Join(outside, "file"), path) },
		"a link to a folder": func() error { return os.Symlink(outside, path) },
		"a named pipe":       func() error { return syscall.Mkfifo(path, 0o666) },
		"a file":             func() error { return os.WriteFile(path, []byte("odd"), 0o666) },
	}
	if isFile && place == "leases.json" {
		delete(makes, "a file") // with another content, people have to correct it
	}
	names := []string{"a folder", "a dangling link", "a link to a file", "a link to a folder", "a named pipe", "a file"}
	odd = names[r.rnd.IntN(len(names))]
	if makes[odd] == nil {
		odd = "a folder"
	}
	if err := errors.Join(os.RemoveAll(path), makes[odd]()); err != nil {
		r.Fatal(err)
	}
	return place, odd
}

// TestTwoUsersShareACache lets two users with closed umasks work in one cache, and kills them.
func TestTwoUsersShareACache(t *testing.T) {
	testenv.NeedUsers(t)
	r := newRig(t)
	want := r.mustRun("alone")
	program := testenv.PublicProgram(t, "foil")
	r.dir = testenv.PublicDir(t)
	r.write("stress.yaml", []byte(stressSpec))
	users := []testenv.User{{ID: 65534, Group: 65534, Umask: 0o077}, {ID: 64321, Group: 64321, Umask: 0o027}}
	foil := func(u testenv.User, args ...string) (*exec.Cmd, *bytes.Buffer) {
		said := &bytes.Buffer{}
		cmd := u.Command(t.Context(), program, append(args, "--cache", "cache")...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, said, said
		cmd.Env = append(os.Environ(), "FOIL_DATA=", "FOIL_CACHE=", "HOME="+r.dir, "GORACE=halt_on_error=1 atexit_sleep_ms=0")
		return cmd, said
	}
	cache := filepath.Join(r.dir, "cache")
	for range testenv.Times(t, 2) {
		if err := errors.Join(os.RemoveAll(cache), os.Mkdir(cache, 0o700), os.Chmod(cache, 0o777)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			var runs []*exec.Cmd
			for i, u := range users {
				cmd, _ := foil(u, "run", "stress.yaml", "--checkpoint-every", "1ns", "--results", fmt.Sprint("results", i))
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				runs = append(runs, cmd)
			}
			time.Sleep(time.Duration(r.rnd.Int64N(int64(time.Second))))
			for _, cmd := range runs {
				cmd.Process.Kill()
			}
			for _, cmd := range runs {
				cmd.Wait()
			}
		}
		for i, args := range [][]string{
			{"run", "stress.yaml", "--results", "results0"}, {"run", "stress.yaml", "--results", "results1"}, {"verify"}, {"verify"}, {"gc"},
		} {
			cmd, said := foil(users[i%2], args...)
			if err := cmd.Run(); err != nil || strings.Contains(said.String(), "permission denied") {
				t.Errorf("user %d, %s: %v\n%s", i%2, args, err, said)
			}
		}
		if got := r.digests("cache"); got != want {
			t.Errorf("the records are\n%s\nwant\n%s", got, want)
		}
	}
}
