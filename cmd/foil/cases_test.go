package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestCases runs the folders in testdata/cases. Each holds a case on which foil or a neighbouring
// tool once went wrong: the inputs, and the script NAME/NAME.txtar, which runs beside a copy of
// them. A script has the case itself and siblings of it, which are other inputs of the same kind.
func TestCases(t *testing.T) {
	const root = "testdata/cases"
	folders, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := filepath.Abs("../../internal/artifact/testdata/foreign")
	if err != nil {
		t.Fatal(err)
	}
	var scripts []string
	for _, f := range folders {
		script := filepath.Join(root, f.Name(), f.Name()+".txtar")
		if _, err := os.Stat(script); err != nil {
			t.Errorf("the case %s has no script: %v", f.Name(), err)
			continue
		}
		scripts = append(scripts, script)
	}
	testscript.Run(t, testscript.Params{
		Files: scripts,
		Setup: func(env *testscript.Env) error {
			env.Setenv("FOIL_DATA", "")
			env.Setenv("FOIL_CACHE", "")
			env.Setenv("FOREIGN", foreign)
			name := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
			return os.CopyFS(env.WorkDir, os.DirFS(filepath.Join(root, name)))
		},
		Condition: func(name string) (bool, error) { return condition(t, name) },
		Cmds:      map[string]func(ts *testscript.TestScript, neg bool, args []string){"fails": fails},
	})
}
