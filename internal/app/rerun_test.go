package app

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/store/disk"
)

const smallSpec = `
name: small
stages:
  ratings: {uses: load/synthetic, with: {users: 100, items: 80}}
  core: {uses: filter/k-core, needs: {interactions: ratings}, with: {users: 5, items: 5}}
  fold: {uses: split/user-kfold, needs: {interactions: core}, matrix: {fold: [0, 1]}, with: {fold: "${matrix.fold}"}}
`

// made is a View of a spec whose cells have all been made.
func made(t *testing.T, spec string) (Setup, Experiment, *View) {
	t.Helper()
	dir := t.TempDir()
	e := Experiment{Name: filepath.Join(dir, "spec.yaml")}
	if err := os.WriteFile(e.Name, []byte(spec), 0o666); err != nil {
		t.Fatal(err)
	}
	s := Setup{Cache: filepath.Join(dir, "cache"), Backend: "go"}
	v, err := s.Open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Cache.Close)
	if _, err := v.Run(t.Context(), Running{}); err != nil {
		t.Fatal(err)
	}
	return s, e, look(t, s, e)
}

func look(t *testing.T, s Setup, e Experiment) *View {
	t.Helper()
	v, err := s.Look(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Cache.Close)
	return v
}

func TestRerunMakesOneCellAgainAndCompares(t *testing.T) {
	s, e, v := made(t, smallSpec)
	before := entries(t, v.Cache)
	for _, c := range v.Plan.Cells {
		got, err := v.Rerun(t.Context(), c, Running{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Differ) > 0 || got.Old != c.Record || got.New == nil || got.New.Key != got.Old.Key || got.New.Started.Equal(got.Old.Started) {
			t.Errorf("%s: %+v", c.Node.ID, got)
		}
	}
	if after := entries(t, v.Cache); !slices.Equal(before, after) {
		t.Errorf("the cache has the records %s now; it had %s", after, before)
	}
	if left, _ := filepath.Glob(filepath.Join(s.Cache, "work", "verify-*")); len(left) > 0 {
		t.Errorf("%s are left", left)
	}
	if again := look(t, s, e); again.Plan.Hits != len(again.Plan.Cells) {
		t.Errorf("%d of %d cells are hits", again.Plan.Hits, len(again.Plan.Cells))
	}
}

func entries(t *testing.T, c *disk.Cache) (list []string) {
	t.Helper()
	all, err := c.Entries()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		list = append(list, e.Key.Short()+" "+e.Record.Started.String())
	}
	return list
}

func TestRerunFindsACellWithAnotherOutput(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program is one of a Unix shell")
	}
	_, _, v := made(t, `
name: clock
stages:
  a: {uses: command, with: {run: [sh, -c, "date +%s%N >out/clock; echo same >out/text; mktemp -u >>out/clock"], outputs: [clock, text]}}
`)
	got, err := v.Rerun(t.Context(), v.Plan.Cells[0], Running{})
	if err != nil || !slices.Equal(got.Differ, []string{"clock"}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRerunNeedsTheCellAndItsDependencies(t *testing.T) {
	s, e, v := made(t, smallSpec)
	file := v.Plan.Cells[0].Record.Outputs[0] // of ratings
	path, err := v.Cache.Fetch(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	flipLastByte(t, path)
	v = look(t, s, e)
	if _, err := v.Rerun(t.Context(), v.Plan.Cells[1], Running{}); err == nil || !strings.Contains(err.Error(), "ratings, a dependency of core: "+file.Name+" (object") {
		t.Errorf("got %v", err)
	}
	s.Cache = filepath.Join(t.TempDir(), "empty")
	none := look(t, s, e)
	for _, c := range none.Plan.Cells {
		if _, err := none.Rerun(t.Context(), c, Running{}); err == nil || !strings.Contains(err.Error(), c.Node.ID+" is not cached (") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := none.Draw(1); err == nil || !strings.Contains(err.Error(), "no cell of small is cached") {
		t.Errorf("got %v", err)
	}
}

func flipLastByte(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)-1] ^= 1
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestDrawnCellsKeepTheOrderOfThePlan(t *testing.T) {
	_, _, v := made(t, smallSpec)
	all, err := v.Draw(99)
	if err != nil || !slices.Equal(all, v.Plan.Cells) {
		t.Errorf("got %v, %v", all, err)
	}
	if two, err := v.Draw(2); err != nil || len(two) != 2 || two[0] == two[1] {
		t.Errorf("got %v, %v", two, err)
	}
}

func TestDifferentFilesAreNamed(t *testing.T) {
	one, two := digest.Of([]byte("1")), digest.Of([]byte("2"))
	old := []digest.File{{Name: "a", Digest: one}, {Name: "b", Digest: one}, {Name: "c", Digest: one}}
	made := []digest.File{{Name: "a", Digest: one}, {Name: "b", Digest: two}, {Name: "d", Digest: one}}
	if got := DifferentFiles(old, made); !slices.Equal(got, []string{"b", "d", "c"}) {
		t.Errorf("%s", got)
	}
}
