package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"foil/internal/testenv"
)

// The tests of this file run foil in processes under stress, on a spec with real trainings that
// checkpoint often. Package pipeline/stress does the same with cells that only count. FOIL_STRESS
// sets the number of repetitions (make stress: 200), and FOIL_STRESS_SEED repeats the random draws
// of a test.

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
	r := &rig{T: t, dir: t.TempDir(), rnd: testenv.Rand(t)}
	r.write("stress.yaml", []byte(stressSpec))
	return r
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
	// A data race in a cell's process must fail the test.
	cmd.Env = append(os.Environ(), "FOIL_DATA=", "FOIL_CACHE=", "GORACE=halt_on_error=1 atexit_sleep_ms=0")
	cmd.Stdout, cmd.Stderr = said, said
	return cmd, said
}

func (r *rig) run(cache string) *exec.Cmd {
	cmd, _ := r.foil(cache, "run", "stress.yaml", "--checkpoint-every", "1ns")
	return cmd
}

// killACell kills one of the cells of a run, if it can be found.
func (r *rig) killACell(run *exec.Cmd) {
	if cells := testenv.Children(run.Process.Pid); len(cells) > 0 {
		if p, err := os.FindProcess(cells[r.rnd.IntN(len(cells))]); err == nil {
			p.Kill()
		}
	}
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
	for _, path := range r.files(cache, "actions") {
		text, err := os.ReadFile(path)
		if err != nil {
			r.Fatal(err)
		}
		outputs, _, _ := bytes.Cut(text, []byte("\"log\": {")) // a log tells of interruptions
		outputs, _, _ = bytes.Cut(outputs, []byte("\"inputs\": ["))
		fmt.Fprintf(&all, "%s\n%s\n", filepath.Base(path), bytes.Join(outputLine.FindAll(outputs, -1), []byte("\n")))
	}
	return all.String()
}

// files lists the files of a cache, or of some of its folders, in their order.
func (r *rig) files(cache string, folders ...string) (files []string) {
	r.Helper()
	if !filepath.IsAbs(cache) {
		cache = filepath.Join(r.dir, cache)
	}
	if folders == nil {
		folders = []string{"."}
	}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(cache, folder), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			r.Fatal(err)
		}
	}
	return files
}

// TestRunsKilledAtAnyMomentEndInTheSameBytes kills foil, one of its cells, or both.
func TestRunsKilledAtAnyMomentEndInTheSameBytes(t *testing.T) {
	r := newRig(t)
	start := time.Now()
	want := r.mustRun("undisturbed")
	usual := time.Since(start)
	for kills, round := 0, 0; kills < testenv.Times(t, 12); round++ {
		cache := fmt.Sprint("cache", round)
		for range 10 {
			cmd := r.run(cache)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(r.rnd.Int64N(int64(usual) * 2 / 3)))
			what := r.rnd.IntN(3)
			if what > 0 {
				r.killACell(cmd)
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
