package command

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"foil/pipeline"
	"foil/spec"
)

// An Environment names the packages of a Python program by a file that pins all of them.
type Environment struct {
	Requirements string    `yaml:"requirements" key:"omitempty"`
	UV           string    `yaml:"uv" key:"omitempty"`
	Python       spec.Text `yaml:"python" key:"omitempty"`
}

var environmentParams = &spec.Params[Environment]{
	Docs: spec.Docs{
		"requirements": "a file of pip beside the spec or below, in which each package has an exact version and hashes",
		"uv":           "uv.lock, with pyproject.toml in the same folder. The program uv makes the environment",
		"python": "version of Python, such as 3.12 or 3.12.4, which must be on the PATH. " +
			"Without it, the key has the version of python3, in full",
	},
	Check: (*Environment).check,
}

// The names of the files that uv needs. It takes no others.
const (
	uvLock    = "uv.lock"
	uvProject = "pyproject.toml"
)

// interpreterName is the name of the interpreter in keys. Names of packages are in lower case.
const interpreterName = "Python"

var pythonVersion = regexp.MustCompile(`^3\.[0-9]+(\.[0-9]+)?$`)

func (e *Environment) check(report spec.Reporter) {
	at, name := e.lock()
	switch {
	case e.Requirements != "" && e.UV != "":
		report("uv", "an environment has either requirements or uv; remove one of them")
	case name == "":
		report("", "name the file that pins the packages: {requirements: requirements.txt} or {uv: uv.lock}")
	case !isLocal(name):
		report(at, "%q is not a path in the spec's folder; write the path from that folder, with forward slashes", name)
	case e.UV != "" && path.Base(name) != uvLock:
		report(at, "%q: uv reads only files called %s", name, uvLock)
	}
	if e.Python != "" && !pythonVersion.MatchString(string(e.Python)) {
		report("python", "%q is not a version of Python; write 3.12 or 3.12.4", e.Python)
	}
}

// lock is the file that pins the packages, and the parameter that names it.
func (e *Environment) lock() (param, name string) {
	if e.UV != "" {
		return "uv", e.UV
	}
	return "requirements", e.Requirements
}

// files are the files that the environment is made of.
func (e *Environment) files() []string {
	if e.UV != "" {
		return []string{path.Clean(e.UV), path.Join(path.Dir(e.UV), uvProject)}
	}
	return []string{path.Clean(e.Requirements)}
}

// read reads the files, and the packages that they pin. An error begins with the parameter.
func (e *Environment) read(beside fs.FS) (files []pipeline.Source, packages []pin, err error) {
	param, lock := e.lock()
	fail := func(err error) ([]pipeline.Source, []pin, error) {
		return nil, nil, fmt.Errorf("environment.%s: %w", param, err)
	}
	if beside == nil {
		return fail(errNoFolder)
	}
	for _, name := range e.files() {
		f, err := readFile(beside, name)
		if isMissing(err) {
			err = missingFile(beside, name)
		}
		if err != nil {
			return fail(err)
		}
		files = append(files, f)
	}
	parse := parseRequirements
	if e.UV != "" {
		parse = parseUVLock
	}
	if packages, err = parse(files[0].Content); err != nil {
		return fail(fmt.Errorf("%s: %w", lock, err))
	}
	return files, packages, nil
}

// sources are the sources of a program: its files, those of its environment, the packages that they
// pin, and the interpreter if the spec does not name its version.
func (p *Params) sources(ctx context.Context, env *pipeline.Env) ([]pipeline.Source, error) {
	e := p.Environment
	if e == nil {
		return findFiles(env.Files, p.Files)
	}
	own, packages, err := e.read(env.Files)
	if err != nil {
		return nil, err
	}
	sources, err := findFiles(env.Files, p.Files, own...)
	if err != nil {
		return nil, err
	}
	if e.Python == "" {
		python, err := findInterpreter(ctx, "", p.environment(1, os.LookupEnv))
		if err != nil {
			return nil, fmt.Errorf("environment: %w", err)
		}
		sources = append(sources, pipeline.Source{Name: interpreterName, Version: python.version})
	}
	for _, pin := range packages {
		sources = append(sources, pipeline.Source{Name: pin.name, Version: pin.version})
	}
	return sources, nil
}

// wantedPython is the version that a cell needs: as in the spec, or the one that is in the key.
func (e *Environment) wantedPython(sources []pipeline.Source) string {
	if e.Python != "" {
		return string(e.Python)
	}
	i := slices.IndexFunc(sources, func(s pipeline.Source) bool { return s.Name == interpreterName && s.Version != "" })
	if i < 0 {
		return ""
	}
	return sources[i].Version
}

// checkEnvironment reports what an environment needs and is not on this machine.
func (p *Params) checkEnvironment(env *pipeline.Env, report spec.Reporter) {
	e := p.Environment
	if _, _, err := e.read(env.Files); err != nil {
		param, _ := e.lock()
		report("environment."+param, "%s", strings.TrimPrefix(err.Error(), "environment."+param+": "))
	}
	if _, err := findInterpreter(context.Background(), string(e.Python), p.environment(1, os.LookupEnv)); err != nil {
		report("environment", "%v", err)
	}
	if e.UV != "" {
		if _, err := findUV(); err != nil {
			report("environment.uv", "%v", err)
		}
	}
	if program := p.arguments()[0]; filepath.IsAbs(program) && isPython(path.Base(filepath.ToSlash(program))) {
		report(index("run", 0), "%s is not the interpreter of the environment; write %s", program, "python3")
	}
}

var pythonName = regexp.MustCompile(`^python[0-9.]*(\.exe)?$`)

// isPython reports whether a program is called like an interpreter of Python.
func isPython(program string) bool { return pythonName.MatchString(program) }

// inEnvironment returns the variables of a program in an environment. The folder with its programs
// comes first on the PATH.
func inEnvironment(env []string, dir string) []string {
	inside := []string{"VIRTUAL_ENV=" + dir}
	list, _ := variable(env, "PATH")
	if list = strings.TrimSuffix(binFolder(dir)+string(filepath.ListSeparator)+list, string(filepath.ListSeparator)); list != "" {
		inside = append(inside, "PATH="+list)
	}
	for _, v := range env {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "PATH", "VIRTUAL_ENV", "PYTHONHOME": // the last one would replace the environment
		default:
			inside = append(inside, v)
		}
	}
	slices.Sort(inside)
	return inside
}
