package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"foil/models/backend"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"foil": main, "peak": peakMain})
}

// TestScripts runs testdata/script: a script per promise of the command line. `fails CODE
// COMMAND...` expects an exit code. See signalCell, noCell, makeLFM, makeLastFM, makeOwnData, makeCIFAR, damage,
// readonly, truncated, forge, bazelCache and sshKey for the other commands.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("FOIL_DATA", "")
			for _, name := range []string{"FOIL_CACHE", "FOIL_REMOTE", "FOIL_TRUST", "FOIL_SIGN_KEY"} {
				env.Setenv(name, "")
			}
			for spec, page := range shownSpecs {
				if err := writeShownSpec(filepath.Join(env.WorkDir, spec), page); err != nil {
					return err
				}
			}
			return writeTourPrograms(env.WorkDir)
		},
		Condition: func(name string) (bool, error) { return condition(t, name) },
		Cmds:      map[string]func(ts *testscript.TestScript, neg bool, args []string){"fails": fails, "signalcell": signalCell, "nocell": noCell, "lfm": makeLFM, "lastfm": makeLastFM, "owndata": makeOwnData, "cifar": makeCIFAR, "damage": damage, "readonly": readonly, "truncated": truncated, "forge": forge, "bomb": makeBomb, "slurm": slurmCommand, "bazelcache": bazelCache, "sshkey": sshKey},
	})
}

// condition evaluates the conditions of scripts: [pyarrow], whether python3 has the package that an
// example experiment requires, [torch], whether it has those of docs/tour.md, [readonly], whether a folder can be made read-only, [features], [cgo],
// whether there are backends besides go, [package], whether foil can install ONNX Runtime here, and
// [slurm], whether a Slurm cluster can be started here.
func condition(t *testing.T, name string) (bool, error) {
	switch name {
	case "pyarrow":
		return exec.Command("python3", "-c", "import pyarrow").Run() == nil, nil
	case "torch":
		return exec.Command("python3", "-c", "import torch, pyarrow, foil").Run() == nil, nil
	case "readonly":
		return canBeReadOnly(t), nil
	case "features":
		return hasFeatures(), nil
	case "cgo":
		return len(backend.Names()) > 1, nil
	case "slurm":
		return hasSlurm(), nil
	case "package":
		return backend.PackageNamed("onnxruntime").Wheel() != nil, nil
	default:
		return false, fmt.Errorf("unknown condition %q", name)
	}
}

// shownSpecs are the specs that readers of a page save under these names. Scripts run them.
var shownSpecs = map[string]string{
	"mine.yaml":     "README.md",
	"tested.yaml":   "docs/statistics.md",
	"gaps.yaml":     "docs/statistics.md",
	"claims.yaml":   "docs/claims.md",
	"tradeoff.yaml": "docs/figures.md",
	"owndata.yaml":  "docs/data.md",
	"tour.yaml":     "docs/tour.md",
}

// writeShownSpec writes the spec of a page that has the name of the file.
func writeShownSpec(path, page string) error {
	text, err := os.ReadFile(filepath.Join("../..", page))
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(path), ".yaml")
	for rest := string(text); ; {
		_, after, found := strings.Cut(rest, "```yaml\n")
		block, next, closed := strings.Cut(after, "```")
		if !found || !closed {
			return fmt.Errorf("%s shows no spec with the name %s", page, name)
		}
		if strings.Contains("\n"+block, "\nname: "+name+"\n") {
			return os.WriteFile(path, []byte(block), 0o666)
		}
		rest = next
	}
}

// writeTourPrograms writes the programs of docs/tour.md, each of which stands below its name.
func writeTourPrograms(dir string) error {
	page, err := os.ReadFile("../../docs/tour.md")
	if err != nil {
		return err
	}
	for _, name := range []string{"train.py", "worst.py"} {
		_, after, found := strings.Cut(string(page), ": `"+name+"`\n```python\n")
		block, _, closed := strings.Cut(after, "```")
		if !found || !closed {
			return fmt.Errorf("docs/tour.md shows no %s", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(block), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// The tour promises that this is enough.
func TestTourIsShort(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(writeShownSpec(filepath.Join(dir, "tour.yaml"), "docs/tour.md"), writeTourPrograms(dir)); err != nil {
		t.Fatal(err)
	}
	lines := func(name string) int {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "\n")
	}
	if yaml, python := lines("tour.yaml"), lines("train.py")+lines("worst.py"); yaml > 25 || python > 40 {
		t.Errorf("%d lines of YAML and %d of Python; at most 25 and 40", yaml, python)
	}
}

func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("fails: %v", err)
	}
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case err == nil:
		ts.Fatalf("succeeded, where exit code %d was expected", want)
	case !errors.As(err, &exit):
		ts.Fatalf("%v", err)
	case exit.ExitCode() != want:
		ts.Fatalf("exit code %d, want %d", exit.ExitCode(), want)
	}
}

// TestSchemaIsCommitted checks that spec/schema.json, which editors read, agrees with the
// documentation of the kinds. `foil schema >spec/schema.json` updates it.
func TestSchemaIsCommitted(t *testing.T) {
	committed, err := os.ReadFile("../../spec/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, schemaText()) {
		t.Error("spec/schema.json is not what foil schema prints; run: go run ./cmd/foil schema >spec/schema.json")
	}
}
