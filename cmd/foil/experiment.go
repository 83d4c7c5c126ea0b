package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"foil/experiments"
	"foil/pipeline"
	"foil/spec"
	"foil/stages"
)

// experimentFlags choose and change an experiment.
type experimentFlags struct {
	sets []string
	only []string
}

func (f *experimentFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.sets, "set", nil, "change the spec before it is read: `PATH=VALUE`, such as vars.lambda=[0,400] (repeatable)")
}

func (f *experimentFlags) registerOnly(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.only, "only", nil, "only these cells and what they need: `CELLS`, such as model or model[fold=0] (repeatable)")
}

// load reads an experiment and makes its graph. Mistakes in the language and in
// the wiring are told together.
func (f *experimentFlags) load(name string) (*pipeline.Graph, error) {
	beside := &specFiles{}
	file, text, err := readExperiment(name, beside)
	if err != nil {
		return nil, err
	}
	s, err := spec.Parse(file, text, spec.Options{Sets: f.sets, Open: opener(file, beside)})
	if s == nil {
		return nil, err
	}
	g, buildErr := pipeline.Build(s, stages.All())
	if err != nil || buildErr != nil {
		var language, wiring spec.Errors
		errors.As(err, &language)
		errors.As(buildErr, &wiring)
		return nil, s.Report(append(language, wiring...))
	}
	g.Files = beside
	if len(f.only) > 0 {
		return g.Select(f.only)
	}
	return g, nil
}

// readExperiment takes the name of an embedded experiment or a file, and notes
// what lies beside it.
func readExperiment(name string, beside *specFiles) (file string, text []byte, err error) {
	if !looksLikeFile(name) {
		if text, ok := experiments.Read(name); ok {
			beside.addEmbedded()
			return name + ".yaml", text, nil
		}
	}
	text, err = os.ReadFile(name)
	switch {
	case err == nil:
		beside.addFile(name)
		return name, text, nil
	case errors.Is(err, fs.ErrNotExist) && !looksLikeFile(name):
		return "", nil, fmt.Errorf("no experiment is called %q%s; there are %s, or name a file", name,
			suggestion(name, experiments.Names()), strings.Join(experiments.Names(), ", "))
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, fmt.Errorf("there is no file %s", name)
	default:
		return "", nil, err
	}
}

// looksLikeFile says whether somebody who wrote this meant a file.
func looksLikeFile(name string) bool {
	ext := filepath.Ext(name)
	return ext == ".yaml" || ext == ".yml" || strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator)
}

// opener finds what a spec extends: a file beside it, or an embedded experiment.
func opener(file string, beside *specFiles) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), name)
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			if embedded, ok := experiments.Read(name); ok {
				beside.addEmbedded()
				return embedded, nil
			}
			return nil, fmt.Errorf("neither a file %s nor an experiment of that name (there are %s)", path, strings.Join(experiments.Names(), ", "))
		}
		if err == nil {
			beside.addFile(path)
		}
		return text, err
	}
}

// suggestion is ", did you mean X?" where a name is near.
func suggestion(name string, candidates []string) string {
	if near := spec.Nearest(name, candidates); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}
