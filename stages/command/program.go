package command

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"foil/internal/digest"
	"foil/internal/words"
	"foil/pipeline"
	"foil/spec"
)

// find looks for a program on the PATH that the program gets, or among the files in dir. An entry of
// PATH that is not absolute is not searched: which folder it means depends on where foil runs.
func find(program, dir string, env []string) (string, error) {
	if filepath.IsAbs(program) {
		return program, nil
	}
	if strings.ContainsRune(program, '/') {
		path := filepath.Join(dir, filepath.FromSlash(program))
		if _, err := os.Stat(path); isMissing(err) {
			return "", noSuchFile(program)
		}
		return path, nil
	}
	s := search{program: program, dir: dir}
	list, given := variable(env, "PATH")
	for _, entry := range filepath.SplitList(list) {
		if found := s.in(entry); found != "" {
			return found, nil
		}
	}
	return "", s.failure(list, given)
}

// programOf is the program of a cell by the lines of its key: the first word of run, with the script
// that it is given: one of files, or the text behind -c, -e or -m.
func programOf(lines digest.KeyLines) pipeline.Program {
	var run []string
	files := map[string]bool{}
	for _, l := range lines {
		switch {
		case l.Part == digest.PartParameter && l.Name == "run":
			run = spec.CanonicalTexts(l.Value)
		case l.Part == digest.PartSource:
			files[l.Name] = true
		}
	}
	if len(run) == 0 {
		return pipeline.Program{}
	}
	p := pipeline.Program{Name: run[0]}
	for i, arg := range run[1:] {
		isText := (arg == "-c" || arg == "-e" || arg == "-m") && i+2 < len(run)
		switch {
		case isText:
			p.Script = run[i+2]
			return p
		case files[path.Clean(arg)]:
			p.Script = path.Clean(arg)
			return p
		}
	}
	return p
}

func noSuchFile(program string) error {
	if name := path.Clean(program); strings.HasPrefix(name, inDir+"/") {
		return fmt.Errorf("no program %q: the input has no such file", name)
	}
	return fmt.Errorf("no program %q among the files of the stage; name it in files%s", program, spec.NameInvisible(program))
}

// variable returns the value of an environment variable.
func variable(env []string, name string) (value string, ok bool) {
	i := slices.IndexFunc(env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
	if i < 0 {
		return "", false
	}
	return env[i][len(name)+1:], true
}

// A search for a program keeps what could be the reason that it is not found.
type search struct {
	program, dir string
	relative     []string // entries of PATH that are not searched
	foundIn      string   // the one of them that has the program
	unusable     string   // a file of this name that is not executable
}

// in looks in an entry of PATH.
func (s *search) in(entry string) string {
	if filepath.IsAbs(entry) {
		path := filepath.Join(entry, s.program)
		found, err := exec.LookPath(path)
		if err == nil {
			return found
		}
		if errors.Is(err, fs.ErrPermission) && s.unusable == "" {
			s.unusable = path
		}
		return ""
	}
	s.relative = append(s.relative, fmt.Sprintf("%q", entry))
	for _, base := range []string{s.dir, "."} {
		path, err := filepath.Abs(filepath.Join(base, entry, s.program))
		if err == nil && s.foundIn == "" && isThere(path) {
			s.foundIn = entry
		}
	}
	return ""
}

// isThere reports whether a program can be found at an absolute path.
func isThere(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

// failure says why no program was found.
func (s *search) failure(list string, given bool) error {
	const advice = "write absolute paths in PATH"
	switch {
	case s.foundIn != "":
		return fmt.Errorf("program %q is only in %q, a relative entry of PATH, which foil does not search; %s", s.program, s.foundIn, advice)
	case s.unusable != "":
		return fmt.Errorf("no program %q on the PATH: %s is there, but not executable", s.program, s.unusable)
	case !given:
		return fmt.Errorf("no program %q: PATH is not set", s.program)
	case list == "":
		return fmt.Errorf("no program %q: PATH is empty", s.program)
	}
	text := fmt.Sprintf("no program %q on the PATH; install it, or write ./%s if it is one of files", s.program, s.program)
	if len(s.relative) > 0 {
		text += fmt.Sprintf(". Relative entries of PATH are not searched (%s)", words.Few(s.relative))
		if strings.ContainsAny(list, "$~%") {
			text += ", and variables and ~ in it are not replaced"
		}
		text += "; " + advice
	}
	return errors.New(text + spec.NameInvisible(s.program))
}

// checkMachine reports files and programs that are not there, and scripts that cannot be started.
func (p *Params) checkMachine(env *pipeline.Env, report spec.Reporter) {
	content := map[string][]byte{} // by the names of files
	complete := true
	if p.Environment != nil {
		p.checkEnvironment(env, report)
	}
	for i, pattern := range p.Files {
		found, err := []pipeline.Source(nil), errNoFolder
		if env.Files != nil {
			found, err = readFiles(env.Files, pattern)
		}
		if err != nil {
			report(index("files", i), "%v", err)
			complete = false
		}
		for _, s := range found {
			content[s.Name] = s.Content
		}
	}
	if err := p.checkProgram(content); err != nil && complete {
		report(index("run", 0), "%v", err)
	}
}

// checkProgram checks as much as is known before the run. A program in in/ is made by another stage.
func (p *Params) checkProgram(files map[string][]byte) error {
	program := p.arguments()[0]
	name := path.Clean(program)
	content, isFile := files[name]
	i := inspector{when: beforeRun, env: p.environment(1, os.LookupEnv)}
	problem := ""
	switch {
	case filepath.IsAbs(program) || !strings.ContainsRune(program, '/'):
		path, err := find(program, "", i.env)
		if err != nil && p.Environment != nil {
			return nil // packages have programs, too
		}
		if err != nil {
			return err
		}
		problem = i.file(path)
	case strings.HasPrefix(name, inDir+"/"):
	case !isFile:
		return noSuchFile(program)
	default:
		problem = i.content(bytes.NewReader(content))
	}
	return notStartable(program, problem)
}

func notStartable(program, problem string) error {
	if problem == "" {
		return nil
	}
	return fmt.Errorf("%s cannot be started: %s", program, problem)
}

// cannotStart is the error of a program that the system does not start.
func cannotStart(cmd *exec.Cmd, err error) error {
	i := inspector{when: notStarted, dir: cmd.Dir, env: cmd.Env}
	problem := i.file(cmd.Path)
	if problem == "" {
		problem = startProblem(err)
	}
	return notStartable(cmd.Args[0], problem)
}

// The exit codes with which shells and env report a program that they cannot start.
const (
	cannotExecute = 126
	notFound      = 127
)

// scriptProblem returns what is wrong with the first line of a script that failed, or "". The
// interpreter says little about what it does not find.
func scriptProblem(cmd *exec.Cmd, code int) string {
	i := inspector{when: ended, dir: cmd.Dir, env: cmd.Env}
	if code == cannotExecute || code == notFound {
		i.when = notStarted
	}
	problem := i.file(cmd.Path)
	if problem == "" {
		return ""
	}
	return "\n  About " + cmd.Args[0] + ": " + problem
}
