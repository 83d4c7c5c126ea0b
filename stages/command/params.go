package command

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/pipeline"
	"foil/spec"
)

// Params are the parameters of command.
type Params struct {
	Run     []spec.Text           `yaml:"run" nonempty:"true"`
	Params  map[string]spec.Value `yaml:"params" key:"omitempty"`
	Files   []string              `yaml:"files" key:"-"`
	Outputs []string              `yaml:"outputs" nonempty:"true"`
	Type    string                `yaml:"type"`
	Env     map[string]spec.Text  `yaml:"env"`
	Inherit []string              `yaml:"inherit" key:"-"`

	Environment *Environment `yaml:"environment" key:"omitempty"`
}

var params = &spec.Params[Params]{
	Defaults: func() Params { return Params{Type: typeFiles} },
	Docs: spec.Docs{
		"run": "the program and its arguments. Numbers need no quotes: the program gets them as they are written in the spec. There is no shell; " +
			"for a shell write [sh, -c, TEXT]. " +
			"A program without a slash is looked up in the PATH that it gets; ./NAME is one of files.",
		"files": "files of the program beside the spec or below, as names or patterns; a spec that extends another has the files of both. " +
			"* and ? work as in a shell, ** is any folders, NAME/ is a whole folder. " +
			"Names and content are part of the key, patterns are not.",
		"outputs": "the files that the program writes to out/, all of them and no others, as names or patterns. " +
			"Patterns are those of files: model/ stands for all files in out/model.",
		"params": "values for the program, in .cell/cell.json, as numbers, texts, lists or maps. In Python they are foil.params",
		"type": "type of the output, for the stages that depend on it. docs/artifacts.md describes the files of each type. " +
			"What a program wrote is checked and put into foil's form. " +
			"The type files is not checked. A report is copied to results/, and its table.txt is printed.",
		"env": "environment variables of the program, by name",
		"inherit": "variables to copy from foil's environment, such as LD_LIBRARY_PATH. " +
			"Use them for locations on a machine only, not for settings that change the result: " +
			"their values are not part of the key.",
		"environment": "the Python packages of the program, which foil installs once into the cache. " +
			"Their versions, the content of the file and the version of Python are part of the key",
	},
	OneOf:  spec.OneOf{"type": types()},
	Nested: []spec.Described{environmentParams},
	Check:  (*Params).check,
}

// arguments returns the program, which comes first, and its arguments.
func (p *Params) arguments() []string {
	args := make([]string, len(p.Run))
	for i, arg := range p.Run {
		args[i] = string(arg)
	}
	return args
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p *Params) check(report spec.Reporter) {
	for i, arg := range p.Run {
		if at := index("run", i); strings.ContainsRune(string(arg), 0) {
			report(at, "a zero byte cannot be passed to a program")
		} else if i == 0 && arg == "" {
			report(at, "is empty; name the program to run")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		switch {
		case !envName.MatchString(name):
			report("env", "%q cannot be the name of a variable; use letters, digits and underscores", name)
		case strings.ContainsRune(string(p.Env[name]), 0):
			report("env."+name, "a zero byte cannot be passed to a program")
		}
	}
	for i, name := range p.Inherit {
		if _, declared := p.Env[name]; declared {
			report(index("inherit", i), "%s is set in env already; remove it from one of them", name)
		} else if !envName.MatchString(name) {
			report(index("inherit", i), "%q cannot be the name of a variable; use letters, digits and underscores", name)
		}
	}
	for i, name := range p.Files {
		if !isLocal(name) {
			report(index("files", i), "%q is not a path in the spec's folder; write the path from that folder, with forward slashes", name)
		}
	}
	p.checkOutputs(report)
}

func (p *Params) checkOutputs(report spec.Reporter) {
	for i, name := range p.Outputs {
		switch {
		case !isLocal(name):
			report(index("outputs", i), "%q is not a path in out/; write the path from out/, with forward slashes", name)
		case digest.CheckText(name) != nil:
			report(index("outputs", i), "%q %v; let the program write another name", name, digest.CheckText(name))
		case !strings.ContainsAny(name, `*?[\`) && digest.CheckName(strings.TrimSuffix(name, "/")) != nil:
			report(index("outputs", i), "%q %v; let the program write another name", name, digest.CheckName(strings.TrimSuffix(name, "/")))
		case slices.Contains(p.Outputs[:i], name):
			report(index("outputs", i), "%q is listed twice", name)
		case p.Type == artifact.TypeReport && artifact.ReservedName(name) != "":
			report(index("outputs", i), "%q: foil itself writes %s beside a report; choose another name", name, artifact.ReservedName(name))
		}
	}
	listed := func(name string) bool {
		return slices.ContainsFunc(p.Outputs, func(pattern string) bool { return matchesAtTop(pattern, name) })
	}
	o := outputTypes[p.Type]
	if name := o.missing(listed); name != "" {
		report("outputs", "%s is missing; an output of type %s consists of %s", name, p.Type, o.formsText())
	}
}

// inPath matches an argument with the path of an input, alone or after an option.
var inPath = regexp.MustCompile(`^(?:--?[A-Za-z0-9_-]+=)?in/([^/]+)`)

// checkInputs compares the inputs in the arguments with those of the stage.
func (p *Params) checkInputs(inputs []pipeline.Input, report spec.Reporter) {
	var names []string
	for _, in := range inputs {
		names = append(names, in.Name)
	}
	if of := outputTypes[p.Type].needs; of != "" && len(names) == 0 {
		report("type", "an output of type %s needs an input of type %s, which tells what it is about; add needs: {data: STAGE}", p.Type, of)
	}
	for i, arg := range p.arguments() {
		m := inPath.FindStringSubmatch(arg)
		if m == nil || slices.Contains(names, m[1]) {
			continue
		}
		how := spec.Suggestion(m[1], names)
		if len(names) == 0 {
			how = "; add needs: {" + m[1] + ": STAGE}"
		}
		report(index("run", i), "%q: the stage has no input %q%s", arg, m[1], how)
	}
}
