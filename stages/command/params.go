package command

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"foil/pipeline"
	"foil/spec"
)

// Params are the parameters of command.
type Params struct {
	Run     []spec.Value          `yaml:"run" nonempty:"true" doc:"the program and its arguments, texts or numbers, passed on as they are: no shell takes part ([sh, -c, TEXT] is one). A program without a slash is looked for on the PATH, ./NAME is one of files"`
	Files   []string              `yaml:"files" key:"-" doc:"what the program is made of: files beside the spec or below its folder, else beside a spec that it extends; * and ? as in a shell. Their content is in the key"`
	Outputs []string              `yaml:"outputs" nonempty:"true" doc:"the files that the program leaves in out/, all of them and no others"`
	Type    string                `yaml:"type" oneof:"files,interactions,split,metrics,report" doc:"what the outputs are to the stages that need them. Tables are checked; files can be anything, and are for other commands; those of a report are put into results/, and its table.txt is printed"`
	Env     map[string]spec.Value `yaml:"env" doc:"the program's environment: name and value"`
	Inherit []string              `yaml:"inherit" key:"-" doc:"names of foil's own environment that are handed on, such as LD_LIBRARY_PATH: what says where things are on a machine, not what to compute. Their values are not in the key"`
}

// arguments are those of the program, which is the first.
func (p *Params) arguments() []string {
	args := make([]string, len(p.Run))
	for i, v := range p.Run {
		args[i] = text(v)
	}
	return args
}

// text is a scalar as a program is told it.
func text(v spec.Value) string {
	if v.Type == spec.String {
		return v.Str
	}
	return v.String()
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Check is called by package spec.
func (p *Params) Check(report func(path, format string, args ...any)) {
	for i, v := range p.Run {
		if at := index("run", i); v.Type == spec.List || v.Type == spec.Map || v.Type == spec.Null {
			report(at, "has to be a text or a number, not %s", v)
		} else if strings.ContainsRune(text(v), 0) {
			report(at, "no program can be given a zero byte")
		} else if i == 0 && text(v) == "" {
			report(at, "is empty; it has to name a program")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		v, at := p.Env[name], "env."+name
		switch {
		case !envName.MatchString(name):
			report("env", "%q cannot be the name of a variable", name)
		case v.Type == spec.List || v.Type == spec.Map || v.Type == spec.Null:
			report(at, "has to be a text or a number, not %s", v)
		case strings.ContainsRune(text(v), 0):
			report(at, "no program can be given a zero byte")
		}
	}
	for i, name := range p.Inherit {
		if _, declared := p.Env[name]; declared {
			report(index("inherit", i), "%s is given a value in env already", name)
		} else if !envName.MatchString(name) {
			report(index("inherit", i), "%q cannot be the name of a variable", name)
		}
	}
	for i, name := range p.Files {
		if _, err := path.Match(name, ""); err != nil {
			report(index("files", i), "%q is not a pattern: %v", name, err)
		} else if !isLocal(name) {
			report(index("files", i), "%q does not lie beside the spec or below its folder; give its path from there, with forward slashes", name)
		}
	}
	p.checkOutputs(report)
}

func (p *Params) checkOutputs(report func(path, format string, args ...any)) {
	for i, name := range p.Outputs {
		switch {
		case !isLocal(name):
			report(index("outputs", i), "%q is no file in out/; give its path from there, with forward slashes", name)
		case slices.Contains(p.Outputs[:i], name):
			report(index("outputs", i), "%q is there twice", name)
		}
	}
	for _, name := range artifacts[p.Type].files {
		if !slices.Contains(p.Outputs, name) {
			report("outputs", "%s is missing, which is part of %s (%s)", name, p.Type, strings.Join(artifacts[p.Type].files, ", "))
		}
	}
}

func isLocal(name string) bool { return fs.ValidPath(name) && name != "." }

// inPath is an argument that names an input, be it behind an option.
var inPath = regexp.MustCompile(`^(?:--?[A-Za-z0-9_-]+=)?in/([^/]+)`)

// checkInputs holds the inputs that the arguments name against those there are.
func (p *Params) checkInputs(inputs []pipeline.Input, report func(path, format string, args ...any)) {
	var names []string
	for _, in := range inputs {
		names = append(names, in.Name)
	}
	for i, arg := range p.arguments() {
		m := inPath.FindStringSubmatch(arg)
		if m == nil || slices.Contains(names, m[1]) {
			continue
		}
		how := spec.Suggestion(m[1], names)
		if len(names) == 0 {
			how = "; the stage has none: write needs: {" + m[1] + ": STAGE}"
		}
		report(index("run", i), "%q: no input %q%s", arg, m[1], how)
	}
}
