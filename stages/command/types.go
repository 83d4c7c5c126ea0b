package command

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/itemscores"
	"foil/internal/artifact/latents"
	"foil/pipeline"
)

// An outputType is a type that an output can have.
type outputType struct {
	// forms are the files that a program may write for it: all files of one form are required.
	// nil: any files.
	forms [][]string

	// check checks files in foil's form. If it fails, tables are put into this form first.
	check func(artifact.PathFunc) error

	// take reads what the program wrote, and writes foil's form. It replaces check.
	take func(*arrival) error

	// needs is the type of the input that take reads: TypeSplit or TypeImages.
	needs string
}

var outputTypes = map[string]outputType{
	typeFiles:           {},
	artifact.TypeReport: {},
	artifact.TypeMetrics: {
		forms: [][]string{{artifact.MetricsFile}, {artifact.MetricsCSVFile}, {artifact.MetricsJSONFile}, {artifact.OutcomesFile}, {artifact.OutcomesCSVFile}},
		check: checkMetrics,
	},
	artifact.TypeInteractions: {
		forms: [][]string{{artifact.InteractionsFile, artifact.UsersFile, artifact.ItemsFile}},
		check: func(path artifact.PathFunc) error { _, err := artifact.ReadDataset(path); return err },
	},
	artifact.TypeSplit: {
		forms: [][]string{{artifact.TrainFile, artifact.ValidationInputFile, artifact.ValidationTargetFile, artifact.TestInputFile, artifact.TestTargetFile,
			artifact.UsersFile, artifact.ItemsFile}},
		check: func(path artifact.PathFunc) error { _, err := artifact.ReadSplit(path); return err },
	},
	artifact.TypeLatents: {
		forms: [][]string{{latents.TableFile}, {latents.ArrayFile}, {lastWeights}},
		take:  takeLatents, needs: artifact.TypeSplit,
	},
	artifact.TypeScores: {
		forms: [][]string{{itemscores.TableFile}, {itemscores.ArrayFile}, {itemscores.TensorFile}},
		take:  takeScores, needs: artifact.TypeSplit,
	},
	artifact.TypeRecommender: {
		forms: [][]string{{lastWeights, modelFile}, {lastArrays, modelFile}},
		take:  takeRecommender, needs: artifact.TypeSplit,
	},
	artifact.TypeImages: {
		forms: [][]string{{imagesArchive}, {artifact.TrainFile, artifact.TestFile, artifact.ImageFile}},
		take:  takeImages,
	},
	artifact.TypeClassifier: {
		forms: [][]string{{lastWeights, modelFile}, {lastArrays, modelFile}},
		take:  takeClassifier, needs: artifact.TypeImages,
	},
}

// Files of weights. The first is optional.
const (
	bestWeights = checkpoints.Best + ".safetensors"
	lastWeights = checkpoints.Last + ".safetensors"
	lastArrays  = checkpoints.Last + ".npz"
)

// types lists the types that an output can have.
func types() []string { return slices.Sorted(maps.Keys(outputTypes)) }

// missing returns a file that the closest form lacks, or "". has says whether a file is listed.
func (o outputType) missing(has func(string) bool) string {
	nearest := []string{}
	for i, form := range o.forms {
		lacks := slices.DeleteFunc(slices.Clone(form), has)
		if len(lacks) == 0 {
			return ""
		}
		if i == 0 || len(form)-len(lacks) > 0 {
			nearest = lacks
		}
	}
	return slices.Concat(nearest, []string{""})[0]
}

// formsText names the files of all forms.
func (o outputType) formsText() string {
	var texts []string
	for _, form := range o.forms {
		texts = append(texts, strings.Join(form, ", "))
	}
	return strings.Join(texts, " or ")
}

// checkArtifact checks the files of the output's type. Files that are not in foil's form are
// converted.
func (p *Params) checkArtifact(cell *pipeline.Cell, dir string) (converted bool, err error) {
	o := outputTypes[p.Type]
	if o.take != nil {
		a, err := newArrival(cell, dir, o)
		if err != nil {
			return false, err
		}
		return true, o.take(a)
	}
	if o.check == nil {
		return false, nil
	}
	if p.Type == artifact.TypeMetrics {
		if converted, err = convertTexts(dir); err == nil && !exists(filepath.Join(dir, artifact.MetricsFile)) {
			converted, err = true, addMetrics(dir)
		}
		if err != nil {
			return false, err
		}
	}
	in := func(file string) (string, error) { return filepath.Join(dir, file), nil }
	wrong := o.check(in)
	if wrong == nil {
		return converted, nil
	}
	if done, err := p.convert(dir); err != nil || !done {
		return false, cmp.Or(err, wrong)
	}
	return true, o.check(in)
}

// convert turns tables of other programs into foil's form.
func (p *Params) convert(dir string) (converted bool, err error) {
	names := outputTypes[p.Type].forms[0]
	if p.Type == artifact.TypeMetrics {
		names = []string{artifact.MetricsFile, artifact.OutcomesFile}
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if !exists(path) {
			continue // reported by the check, if it is required
		}
		done, err := artifact.Convert(name, path)
		if err != nil {
			return false, fmt.Errorf("%s/%s: %w", outDir, name, err)
		}
		converted = converted || done
	}
	return converted, nil
}

// An arrival is what a program wrote, on its way into foil's form.
type arrival struct {
	cell *pipeline.Cell
	dir  string
	form []string // the files of the form that the program chose

	data  pipeline.Artifact // the input that the type needs
	split *artifact.Split   // its content, if it is a split
}

// newArrival finds the form of an output, and the input that its type needs.
func newArrival(cell *pipeline.Cell, dir string, o outputType) (*arrival, error) {
	a := &arrival{cell: cell, dir: dir}
	for _, form := range o.forms {
		if slices.ContainsFunc(form, func(name string) bool { return !exists(filepath.Join(dir, name)) }) {
			continue
		}
		if a.form != nil {
			return nil, fmt.Errorf("the program wrote both %s and %s; let it write one of them", shown(a.form[0]), shown(form[0]))
		}
		a.form = form
	}
	if a.form == nil {
		return nil, fmt.Errorf("%s is missing; the output consists of %s", o.missing(func(name string) bool { return exists(filepath.Join(dir, name)) }), o.formsText())
	}
	if o.needs == "" {
		return a, nil
	}
	var err error
	if a.data, err = inputOf(cell, o.needs); err != nil {
		return nil, err
	}
	if o.needs == artifact.TypeSplit {
		if a.split, err = artifact.ReadSplit(a.data.Path); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// markers are files that only artifacts of a type have.
var markers = map[string]string{artifact.TypeSplit: artifact.TestTargetFile, artifact.TypeImages: artifact.ImageFile}

// inputOf returns the only input of a type, or the one called data.
func inputOf(cell *pipeline.Cell, of string) (pipeline.Artifact, error) {
	if a, ok := cell.Inputs["data"]; ok && a.Has(markers[of]) {
		return a, nil
	}
	var found []string
	for name, a := range cell.Inputs {
		if a.Has(markers[of]) {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return pipeline.Artifact{}, fmt.Errorf("the stage has no input of type %s, which tells what the output is about; add needs: {data: STAGE}", of)
	case 1:
		return cell.Inputs[found[0]], nil
	}
	slices.Sort(found)
	return pipeline.Artifact{}, fmt.Errorf("the inputs %s are all of type %s; call the one that the output is about data", strings.Join(found, ", "), of)
}

// path is an artifact.PathFunc.
func (a *arrival) path(name string) (string, error) { return filepath.Join(a.dir, name), nil }

// has reports whether the program wrote a file.
func (a *arrival) has(name string) bool { return exists(filepath.Join(a.dir, name)) }

// create makes a file of the output. A file that is there may be a link, or have other names, so it
// is replaced.
func (a *arrival) create(name string) (*os.File, error) {
	if err := a.remove(name); err != nil {
		return nil, err
	}
	return os.Create(filepath.Join(a.dir, name))
}

// remove removes files, which foil's form replaces.
func (a *arrival) remove(names ...string) error {
	for _, name := range names {
		if err := os.Remove(filepath.Join(a.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// of adds the name of a file to an error about it.
func of(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", shown(name), err)
}
