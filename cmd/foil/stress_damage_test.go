package main

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foil/internal/testenv"
)

// TestNoDamageGoesUnnoticed flips or cuts files of a cache, one at a time: verify names the file,
// the next run repairs it, and the results are the same as before.
func TestNoDamageGoesUnnoticed(t *testing.T) {
	r := newRig(t)
	want := r.mustRun("cache")
	files := r.files("cache", "objects", "actions")
	r.rnd.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	for _, path := range files[:min(testenv.Times(t, 8), len(files))] {
		if !harm(t, r.rnd, path) {
			continue
		}
		cmd, said := r.foil("cache", "verify")
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if err := cmd.Run(); err == nil || !strings.Contains(said.String(), name[:8]) {
			t.Errorf("verify of a cache with a damaged %s: %v\n%s", path, err, said)
		}
		if got := r.mustRun("cache"); got != want {
			t.Errorf("after %s was damaged the records are\n%s\nwant\n%s", path, got, want)
		}
		cmd, said = r.foil("cache", "verify")
		if err := cmd.Run(); err != nil {
			t.Errorf("verify of a mended cache: %v\n%s", err, said)
		}
	}
}

// harm flips a bit of a file, or cuts it. It reports whether the file had any content.
func harm(t *testing.T, rnd *rand.Rand, path string) bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || len(text) == 0 {
		return false // a log that a mended cell has written anew, say
	}
	at := rnd.IntN(len(text))
	if rnd.IntN(2) == 0 {
		text = text[:at]
	} else {
		text[at] ^= 1 << rnd.IntN(8)
	}
	if err := errors.Join(err, os.Chmod(path, 0o666), os.WriteFile(path, text, 0o666)); err != nil {
		t.Fatal(err)
	}
	return true
}

// TestDamagedLeftoversDoNoHarm interrupts a training after a checkpoint, and flips or cuts the
// files of the work folder, including half an output, half a record and the locks. The next run
// still ends with the same bytes.
func TestDamagedLeftoversDoNoHarm(t *testing.T) {
	r := newRig(t)
	want := r.mustRun("undisturbed")
	const cache = "torn"
	r.interrupt(cache)
	dir, kept := filepath.Join(r.dir, cache), filepath.Join(r.dir, "kept")
	if err := os.CopyFS(kept, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for i := range 1 + testenv.Times(t, 3) {
		goesOn := i == 0 // the first one is left as it is
		if !goesOn {
			// Objects stay: a checkpoint belongs to its input files, and not to copies of them.
			for _, folder := range []string{"actions", "work", "locks"} {
				err := os.RemoveAll(filepath.Join(dir, folder))
				if err = errors.Join(err, os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(kept, folder)))); err != nil {
					t.Fatal(err)
				}
			}
			r.litter(dir)
			for _, path := range r.files(dir, "work", "locks") {
				harm(t, r.rnd, path)
			}
		}
		cmd, said := r.foil(cache, "run", "stress.yaml")
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		if goesOn == strings.Contains(said.String(), "starts anew") {
			t.Errorf("a training with a damaged checkpoint (%v) says\n%s", !goesOn, said)
		}
		if got := r.digests(cache); got != want {
			t.Errorf("the records are\n%s\nwant\n%s", got, want)
		}
	}
}

// interrupt ends a run as soon as its first training has a checkpoint.
func (r *rig) interrupt(cache string) {
	r.Helper()
	cmd := r.run(cache)
	cmd.Args = append(cmd.Args, "--jobs", "1", "--cores", "1")
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	for range 6000 {
		if found, _ := filepath.Glob(filepath.Join(r.dir, cache, "work", "*", "checkpoint", "*", "training")); found != nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != exitInterrupted {
		r.Fatalf("an interrupted run: %v\n%s", err, cmd.Stderr)
	}
}

// litter adds what a kill may leave beside a checkpoint.
func (r *rig) litter(cache string) {
	r.Helper()
	for _, path := range r.files(cache, "work") {
		if filepath.Base(path) != "training" {
			continue
		}
		folder := filepath.Dir(path)
		work := filepath.Dir(filepath.Dir(folder))
		err := os.MkdirAll(filepath.Join(work, "attempt-dead", "folder"), 0o777)
		for _, name := range []string{"attempt-dead/model.safetensors", "attempt-dead/folder/file", "attempt-dead.json", "checkpoint/" + filepath.Base(folder) + "/training.new", "../../locks/" + filepath.Base(work)} {
			err = errors.Join(err, os.WriteFile(filepath.Join(work, name), bytes.Repeat([]byte("half"), 100), 0o666))
		}
		if err != nil {
			r.Fatal(err)
		}
	}
}
