// Package testenv finds external data for tests: fixtures computed with the authors' code, and real
// data sets.
package testenv

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Fixtures returns the folder that holds advx/ and l2l/: FOIL_FIXTURES if it is
// set, else the copy in the repository.
func Fixtures(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("FOIL_FIXTURES"); dir != "" {
		if _, err := os.Stat(dir); err != nil {
			t.Fatalf("FOIL_FIXTURES: %v", err)
		}
		return dir
	}
	return filepath.Join(here(), "testdata", "fixtures")
}

// Cases returns the folders of the cases that match a pattern such as
// "advx/step_*"; at least one must.
func Cases(t testing.TB, pattern string) []string {
	t.Helper()
	root := Fixtures(t)
	cases, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatalf("no case %s under %s", pattern, root)
	}
	return cases
}

// DataDir returns the folder with the real data sets: FOIL_DATA if it is set, else ../shared/data
// beside the repository. If neither holds the file called name, the test is skipped.
func DataDir(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("FOIL_DATA")
	if dir == "" {
		dir = filepath.Join(here(), "..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		t.Skipf("%s is neither under FOIL_DATA nor in ../shared/data beside the repository: the real data is needed here", name)
	}
	return dir
}

// here is the folder of this package.
func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}
