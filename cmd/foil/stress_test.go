package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The tests of this file run foil itself in processes, on a spec with real
// trainings that checkpoint often, and mistreat it. FOIL_STRESS says how often
// (make stress: 200); FOIL_STRESS_SEED repeats a run that found something.

const stressSpec = `name: stress
seed: 1
stages:
  ratings: {uses: load/synthetic, with: {users: 150, items: 100}}
  core: {uses: filter/k-core, needs: {interactions: ratings}}
  fold: {uses: split/user-kfold, needs: {interactions: core}, with: {fold: 0}}
  model:
    uses: train/advx-multvae
    needs: {data: fold}
    matrix: {lambda: [0, 5]}
    with: {epochs: 30, latent: 8, adversaries: [{attribute: gender, lambda: "${matrix.lambda}"}]}
  latents: {uses: encode/latents, needs: {model: model, data: fold}}
  privacy: {uses: attack/latent-probe, needs: {latents: latents, data: fold}, with: {epochs: 5, attributes: [{attribute: gender}]}}
  utility: {uses: evaluate/ranking, needs: {model: model, latents: latents, data: fold}, with: {k: [10]}}
  table:
    uses: report/table
    gather: {utility: utility, privacy: privacy}
    with:
      columns: [{title: NDCG, from: utility, metric: ndcg, checkpoint: last}, {title: BAcc, from: privacy, metric: bacc, group: gender, checkpoint: last}]
      tables: [{title: T, grid: [lambda]}]
`

// A rig is a folder with the spec and a cache.
type rig struct {
	*testing.T
	dir string
	rnd *rand.Rand
}

func newRig(t *testing.T) *rig {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("FOIL_STRESS_SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Logf("FOIL_STRESS_SEED=%d", seed)
	r := &rig{T: t, dir: t.TempDir(), rnd: rand.New(rand.NewPCG(seed, 1))}
	r.write("stress.yaml", []byte(stressSpec))
	return r
}

// stress is how often something is done: n in make test, else what FOIL_STRESS says.
func stress(n int) int {
	if s, err := strconv.Atoi(os.Getenv("FOIL_STRESS")); err == nil {
		return s
	}
	return n
}

func (r *rig) write(name string, text []byte) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), text, 0o666); err != nil {
		r.Fatal(err)
	}
}

// foil is a command that runs this program on a cache.
func (r *rig) foil(cache string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	r.Helper()
	self, err := os.Executable()
	if err != nil {
		r.Fatal(err)
	}
	said := &bytes.Buffer{}
	cmd := exec.Command(self)
	cmd.Args = append([]string{"foil"}, args...) // testscript.Main goes by that name
	cmd.Args = append(cmd.Args, "--cache", cache)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "FOIL_DATA=", "FOIL_CACHE=")
	cmd.Stdout, cmd.Stderr = said, said
	return cmd, said
}

func (r *rig) run(cache string) *exec.Cmd {
	cmd, _ := r.foil(cache, "run", "stress.yaml", "--checkpoint-every", "1ns")
	return cmd
}

// mustRun runs to the end and returns the digests of everything.
func (r *rig) mustRun(cache string) string {
	r.Helper()
	cmd := r.run(cache)
	if err := cmd.Run(); err != nil {
		r.Fatalf("%v:\n%s", err, cmd.Stderr)
	}
	return r.digests(cache)
}

var outputLine = regexp.MustCompile(`"(digest|name|key)": "[^"]*"`)

// digests lists the outputs of all records, as status does not: name and digest
// of each file, by key.
func (r *rig) digests(cache string) string {
	r.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Join(r.dir, cache, "actions"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		outputs, _, _ := bytes.Cut(text, []byte("\"log\": {")) // a log tells of interruptions
		outputs, _, _ = bytes.Cut(outputs, []byte("\"inputs\": ["))
		fmt.Fprintf(&all, "%s\n%s\n", filepath.Base(path), bytes.Join(outputLine.FindAll(outputs, -1), []byte("\n")))
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return all.String()
}

// TestRunsKilledAtAnyMomentEndInTheSameBytes kills foil, one of its cells, or both.
func TestRunsKilledAtAnyMomentEndInTheSameBytes(t *testing.T) {
	r := newRig(t)
	start := time.Now()
	want := r.mustRun("undisturbed")
	usual := time.Since(start)
	for kills, round := 0, 0; kills < stress(12); round++ {
		cache := fmt.Sprint("cache", round)
		for range 10 {
			cmd := r.run(cache)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(r.rnd.Int64N(int64(usual) * 2 / 3)))
			what := r.rnd.IntN(3)
			if what > 0 {
				killACell(r.rnd, cmd.Process.Pid)
			}
			if what < 2 {
				cmd.Process.Kill()
			}
			cmd.Wait()
			kills++
		}
		if got := r.mustRun(cache); got != want {
			t.Fatalf("round %d: after ten kills the records are\n%s\nwant\n%s", round, got, want)
		}
		os.RemoveAll(filepath.Join(r.dir, cache))
	}
}

// TestNoDamageGoesUnnoticed flips or cuts files of a cache, one at a time: verify
// names it, the next run mends it, and the results are those of before.
func TestNoDamageGoesUnnoticed(t *testing.T) {
	r := newRig(t)
	want := r.mustRun("cache")
	var files []string
	for _, part := range []string{"objects", "actions"} {
		err := filepath.WalkDir(filepath.Join(r.dir, "cache", part), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	r.rnd.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	for _, path := range files[:min(stress(8), len(files))] {
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

// harm flips a bit of a file, or cuts it; it says whether the file had anything to lose.
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

// TestEightRunsAtOnceMakeEachCellOnce shares a cache between eight processes.
func TestEightRunsAtOnceMakeEachCellOnce(t *testing.T) {
	r := newRig(t)
	want := r.mustRun("alone")
	var runs [8]*exec.Cmd
	for i := range runs {
		runs[i] = r.run("cache")
		runs[i].Args = append(runs[i].Args, "--results", fmt.Sprint("results", i))
		if err := runs[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	made := map[string]int{}
	for _, cmd := range runs {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v:\n%s", err, cmd.Stderr)
		}
		for _, m := range regexp.MustCompile(`(?m)^made   (\S+) `).FindAllStringSubmatch(fmt.Sprint(cmd.Stderr), -1) {
			made[m[1]]++
		}
	}
	for cell, times := range made {
		if times != 1 {
			t.Errorf("%s was made %d times", cell, times)
		}
	}
	if len(made) != 12 {
		t.Errorf("%d cells were made, want 12: %v", len(made), made)
	}
	if got := r.digests("cache"); got != want {
		t.Errorf("eight runs at once end in\n%s\nwant\n%s", got, want)
	}
}
