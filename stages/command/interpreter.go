package command

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"foil/internal/words"
)

// An interpreter is a Python on this machine.
type interpreter struct {
	path    string // of the program itself, not of a link or of a shim that chooses one
	version string // 3.12.4
	build   string // its installation, compiler and processor
}

// ask prints what an interpreter is, in three lines.
const ask = `import os, sys, platform
print("%d.%d.%d" % sys.version_info[:3])
print(sys.executable and os.path.realpath(sys.executable))
print(sys.implementation.name, sys.base_prefix, sys.version.replace("\n", " "), platform.machine())`

// answers are what interpreters have said, by path. An interpreter that is replaced while foil runs
// keeps its answer.
var answers sync.Map

// askInterpreter asks a program which Python it is.
func askInterpreter(ctx context.Context, path string, env []string) (interpreter, error) {
	if known, ok := answers.Load(path); ok {
		return known.(interpreter), nil
	}
	const patience = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-I", "-S", "-c", ask)
	cmd.Env = env
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	lines := strings.Split(strings.ReplaceAll(strings.TrimSpace(string(out)), "\r\n", "\n"), "\n")
	if err == nil && len(lines) != 3 {
		err = errors.New("it does not tell its version")
	}
	if err != nil {
		return interpreter{}, fmt.Errorf("%s: %w", path, err)
	}
	i := interpreter{lines[1], lines[0], lines[2]}
	if i.path == "" { // an unusual build
		i.path = path
	}
	answers.Store(path, i)
	return i, nil
}

// findInterpreter looks for a Python on the PATH of a program. If a version is wanted, it must be
// that one: 3.12 stands for all 3.12.x.
func findInterpreter(ctx context.Context, wanted string, env []string) (interpreter, error) {
	names := []string{"python3", "python"}
	if parts := strings.Split(wanted, "."); len(parts) > 1 {
		names = append([]string{"python" + parts[0] + "." + parts[1]}, names...)
	}
	var others []string
	for _, name := range names {
		path, err := find(name, "", env)
		if err != nil {
			continue
		}
		i, err := askInterpreter(ctx, path, env)
		switch {
		case ctx.Err() != nil:
			return interpreter{}, ctx.Err()
		case err != nil:
			others = append(others, err.Error())
		case wanted == "" || wanted == i.version || strings.HasPrefix(i.version, wanted+"."):
			return i, nil
		default:
			others = append(others, fmt.Sprintf("%s is %s", name, i.version))
		}
	}
	switch {
	case wanted == "" && others == nil:
		return interpreter{}, errors.New("no program python3 on the PATH; install Python. If all results are in the cache, it is enough to name its version in environment.python")
	case wanted == "":
		return interpreter{}, fmt.Errorf("no Python that works is on the PATH (%s)", words.Few(others))
	}
	text := "Python " + wanted + " is not on the PATH"
	if others != nil {
		text += " (" + words.Few(others) + ")"
	}
	return interpreter{}, errors.New(text + "; install it, or name another version in environment.python. Another version is another key")
}
