package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"foil/internal/access"
	"foil/internal/digest"
	"foil/internal/filelock"
	"foil/pipeline"
)

// environmentForm is raised when environments are made differently.
const environmentForm = "foil environment 1"

// makingSuffix is added to the name of an environment that is not complete, before a random text.
const makingSuffix = ".making-"

// prepare returns the folder of the environment of a cell, which it makes if it is not there. dir is
// the folder of the program, with the files that pin the packages. The result is "" if the cell has
// no environment.
func (p *Params) prepare(ctx context.Context, cell *pipeline.Cell, dir string) (string, error) {
	env := p.environment(cell.Cores, os.LookupEnv)
	if p.Environment == nil {
		p.notePython(ctx, cell, dir, env)
		return "", ctx.Err()
	}
	if cell.Env == nil || cell.Env.Environments == "" {
		return "", errors.New("environment: there is no folder for environments")
	}
	root, err := filepath.Abs(cell.Env.Environments)
	if err != nil {
		return "", err
	}
	python, err := findInterpreter(ctx, p.Environment.wantedPython(cell.Sources), env)
	if err != nil {
		return "", fmt.Errorf("environment: %w", err)
	}
	m := environmentMaker{cell: cell, of: p.Environment, python: python, scratch: dir, dir: filepath.Join(root, p.Environment.id(root, python, cell.Sources).String())}
	if err := m.provide(ctx); err != nil {
		return "", err
	}
	cell.Logf("environment %s, Python %s (%s)", m.dir, python.version, python.path)
	if program := p.arguments()[0]; isPython(program) && !isThere(filepath.Join(binFolder(m.dir), program)) {
		return "", fmt.Errorf("run[0]: the environment has Python %s and no %s; write python3", python.version, program)
	}
	return m.dir, nil
}

// notePython tells which Python runs a cell without an environment.
func (p *Params) notePython(ctx context.Context, cell *pipeline.Cell, dir string, env []string) {
	program := p.arguments()[0]
	if !isPython(path.Base(filepath.ToSlash(program))) {
		return
	}
	found, err := find(program, dir, env)
	if err != nil {
		return
	}
	if python, err := askInterpreter(ctx, found, env); err == nil {
		cell.Note("%s was Python %s. Its version and its packages are not part of the key; environment makes them so (docs/command.md)", program, python.version)
	}
}

// id names an environment by all that it depends on. Programs in it hold the path of the folder and
// that of the interpreter, so both count.
func (e *Environment) id(root string, python interpreter, sources []pipeline.Source) digest.Digest {
	text := fmt.Sprintf("%s\n%q\n%q\n%q\n%q\n", environmentForm, root, python.path, python.version, python.build)
	for _, name := range e.files() {
		i := slices.IndexFunc(sources, func(s pipeline.Source) bool { return s.Name == name && s.Version == "" })
		if i >= 0 {
			text += fmt.Sprintf("%q %s\n", path.Base(name), sources[i].Digest)
		}
	}
	return digest.Of([]byte(text))
}

// binFolder is the folder with the programs of an environment.
func binFolder(dir string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(dir, "Scripts")
	}
	return filepath.Join(dir, "bin")
}

// An environmentMaker makes the environment of a cell.
type environmentMaker struct {
	cell    *pipeline.Cell
	of      *Environment
	python  interpreter
	scratch string // the folder of the program
	dir     string // of the environment
}

// provide makes the environment if it is not there. A folder with its name is complete. Of several
// cells, in any number of processes, one makes it, and the others wait.
func (m *environmentMaker) provide(ctx context.Context) error {
	if isFolder(m.dir) {
		return nil
	}
	share, err := access.Above(m.dir)
	if err != nil {
		return err
	}
	if err := share.MkdirAll(filepath.Dir(m.dir)); err != nil {
		return err
	}
	unlock, err := m.lock(ctx)
	if err != nil || isFolder(m.dir) {
		unlock()
		return err
	}
	defer unlock()
	making, err := os.MkdirTemp(filepath.Dir(m.dir), filepath.Base(m.dir)+makingSuffix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(making)
	if err := m.make(ctx, making); err != nil {
		return err
	}
	if err := relocate(making, m.dir); err != nil {
		return err
	}
	shareAll(share, making)
	flush()
	if err := os.Rename(making, m.dir); err != nil && !isFolder(m.dir) { // where locks do not work, another cell may have made it
		return err
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// lock waits until no other cell makes the environment, and then removes what a killed one has left.
// Where locks do not work, several cells may make it at once, and the first one that ends counts.
func (m *environmentMaker) lock(ctx context.Context) (unlock func(), err error) {
	none := func() {}
	f, err := os.OpenFile(m.dir+".lock", os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return none, err
	}
	const pause = 100 * time.Millisecond
	for waited := false; ; waited = true {
		ok, err := filelock.Exclusive(f)
		if err != nil {
			f.Close()
			return none, nil
		}
		if ok {
			break
		}
		if !waited {
			m.cell.Progress(pipeline.Progress{Message: "waiting for another cell that makes the environment"})
		}
		select {
		case <-ctx.Done():
			f.Close()
			return none, ctx.Err()
		case <-time.After(pause):
		}
	}
	left, _ := filepath.Glob(m.dir + makingSuffix + "*") // a folder of the cache with odd characters may hide some
	for _, path := range left {
		os.RemoveAll(path)
	}
	return func() { f.Close() }, nil
}

// make makes the environment in a folder.
func (m *environmentMaker) make(ctx context.Context, dir string) error {
	m.cell.Progress(pipeline.Progress{Message: "making the environment"})
	m.cell.Logf("making the environment with Python %s (%s)", m.python.version, m.python.path)
	steps, err := m.pipSteps(dir), error(nil)
	if m.of.UV != "" {
		steps, err = m.uvSteps(dir)
	}
	if err != nil {
		return fmt.Errorf("environment.uv: %w", err)
	}
	for _, s := range steps {
		if err := s.run(ctx, m.cell); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			return fmt.Errorf("environment: %w\n  %s", err, m.advice())
		}
	}
	return nil
}

// advice says what to do if an environment cannot be made.
func (m *environmentMaker) advice() string {
	text := "The environment needs packages that pip cannot get. Check the network (pip's own settings and proxies apply), or set PIP_FIND_LINKS to a folder with wheels"
	if m.of.UV != "" {
		text = "The environment needs packages that uv cannot get. Check the network (uv's own settings and proxies apply), and that uv.lock fits pyproject.toml (uv lock)"
	}
	if m.cell.Env.Offline {
		text += ". With --offline, no package is downloaded: run once without it"
	}
	return text
}

// pipSteps make an environment with what comes with Python.
func (m *environmentMaker) pipSteps(dir string) []step {
	// Python finds its installation by its first argument, so that is a path.
	python := filepath.Join(binFolder(dir), exe("python"))
	install := []string{python, "-m", "pip", "install", "--require-hashes", "--no-input", "--disable-pip-version-check", "--progress-bar=off"}
	if m.cell.Env.Offline {
		install = append(install, "--no-index")
	}
	env := append(m.variables(), "PIP_REQUIRE_VIRTUALENV=1") // never install elsewhere
	return []step{
		{path: m.python.path, args: []string{m.python.path, "-I", "-m", "venv", dir}, dir: m.scratch, env: env},
		{path: python, args: append(install, "-r", filepath.FromSlash(m.of.files()[0])), dir: m.scratch, env: env},
	}
}

// uvSteps make an environment with uv.
func (m *environmentMaker) uvSteps(dir string) ([]step, error) {
	uv, err := findUV()
	if err != nil {
		return nil, err
	}
	project := path.Dir(m.of.files()[0])
	args := []string{"uv", "sync", "--frozen", "--no-install-project", "--no-python-downloads", "--compile-bytecode", "--no-progress", "--color=never",
		"--python", m.python.path, "--project", filepath.FromSlash(project)}
	if m.cell.Env.Offline {
		args = append(args, "--offline")
	}
	env := append(m.variables(), "UV_PROJECT_ENVIRONMENT="+dir)
	return []step{{path: uv, args: args, dir: m.scratch, env: env}}, nil
}

func findUV() (string, error) {
	found, err := exec.LookPath("uv")
	if err != nil {
		return "", errors.New("no program uv on the PATH; install it (python3 -m pip install uv), or write the packages to a file with uv export --format requirements-txt and name that as requirements")
	}
	return filepath.Abs(found)
}

func exe(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

// variables are all of foil's, because indexes, proxies and certificates are set there. Those that
// would lead out of the environment are left out.
func (m *environmentMaker) variables() []string {
	out := []string{"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_REQUIREMENT", "PIP_CONSTRAINT", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "PIP_REQUIRE_VIRTUALENV"}
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(out, name)
	})
}

// relocate writes the later path of an environment into its programs. They are scripts of a few
// lines. On Windows they are not, and do not start; python -m MODULE does.
func relocate(from, to string) error {
	entries, err := os.ReadDir(binFolder(from))
	if err != nil {
		return err
	}
	for _, e := range entries {
		const script = 1 << 20
		if info, err := e.Info(); err != nil || !info.Mode().IsRegular() || info.Size() > script {
			continue
		}
		name := filepath.Join(binFolder(from), e.Name())
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte(from)) || bytes.IndexByte(text, 0) >= 0 {
			continue
		}
		text = bytes.ReplaceAll(text, []byte(from), []byte(to))
		if err := os.Remove(name); err != nil { // uv may have linked it to a file of its cache
			return err
		}
		if err := os.WriteFile(name, text, 0o777); err != nil {
			return err
		}
	}
	return nil
}

// shareAll gives an environment the permissions of the cache.
func shareAll(a access.Access, dir string) {
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && (e.IsDir() || e.Type().IsRegular()) {
			a.Share(path)
		}
		return nil
	})
}
