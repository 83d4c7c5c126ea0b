package artifact

import (
	"io"
	"os"
)

// The files of the artifacts "interactions", "split" and "images".
const (
	InteractionsFile     = "interactions.arrow"
	UsersFile            = "users.arrow"
	ItemsFile            = "items.arrow"
	TrainFile            = "train.arrow"
	ValidationInputFile  = "validation_input.arrow"
	ValidationTargetFile = "validation_target.arrow"
	TestInputFile        = "test_input.arrow"
	TestTargetFile       = "test_target.arrow"
	TestFile             = "test.arrow"
	ClassesFile          = "classes.arrow"
	ImageFile            = "image.json"
	MetricsFile          = "metrics.arrow"
	CurvesFile           = "curves.arrow"
	OutcomesFile         = "outcomes.arrow"
)

// A Dataset is the content of an artifact of type "interactions".
type Dataset struct {
	Interactions Interactions
	Users        Users
	Items        Items
}

// A Split is the content of an artifact of type "split". All interactions
// count the same users and items.
type Split struct {
	Train                             Interactions
	ValidationInput, ValidationTarget Interactions
	TestInput, TestTarget             Interactions
	Users                             Users // with Part
	Items                             Items
}

func (s *Split) files() []namedInteractions {
	return []namedInteractions{
		{TrainFile, &s.Train},
		{ValidationInputFile, &s.ValidationInput}, {ValidationTargetFile, &s.ValidationTarget},
		{TestInputFile, &s.TestInput}, {TestTargetFile, &s.TestTarget},
	}
}

// Parts are the five tables of interactions.
func (s *Split) Parts() []*Interactions {
	return []*Interactions{&s.Train, &s.ValidationInput, &s.ValidationTarget, &s.TestInput, &s.TestTarget}
}

// Held returns the pairs of the users of a part, Validation or Test: those that a model gets, and
// those that it must find.
func (s *Split) Held(part string) (input, target Interactions) {
	if part == Validation {
		return s.ValidationInput, s.ValidationTarget
	}
	return s.TestInput, s.TestTarget
}

type namedInteractions struct {
	file string
	x    *Interactions
}

// A PathFunc returns the path of a file of an artifact, like pipeline.Artifact.Path.
type PathFunc func(file string) (string, error)

// A CreateFunc makes a file of an artifact, like pipeline.Cell.Create.
type CreateFunc func(file string) (*os.File, error)

// ReadDataset reads the three files and checks that the ids lie in the tables.
func ReadDataset(path PathFunc) (*Dataset, error) {
	d := &Dataset{}
	err := readAll(path, &d.Users, &d.Items, []namedInteractions{{InteractionsFile, &d.Interactions}})
	return d, err
}

// ReadSplit reads the seven files and checks that the ids lie in the tables.
func ReadSplit(path PathFunc) (*Split, error) {
	s := &Split{}
	err := readAll(path, &s.Users, &s.Items, s.files())
	return s, err
}

func readAll(path PathFunc, u *Users, it *Items, pairs []namedInteractions) error {
	p, err := path(UsersFile)
	if err != nil {
		return err
	}
	if *u, err = ReadUsers(p); err != nil {
		return err
	}
	if p, err = path(ItemsFile); err != nil {
		return err
	}
	if *it, err = ReadItems(p); err != nil {
		return err
	}
	for _, n := range pairs {
		if p, err = path(n.file); err != nil {
			return err
		}
		if *n.x, err = readInteractions(p, u.Len(), it.Len()); err != nil {
			return err
		}
	}
	return nil
}

// Write writes the three files.
func (d *Dataset) Write(create CreateFunc) error {
	return writeAll(create, d.Users, d.Items, []namedInteractions{{InteractionsFile, &d.Interactions}})
}

// Write writes the seven files.
func (s *Split) Write(create CreateFunc) error {
	return writeAll(create, s.Users, s.Items, s.files())
}

func writeAll(create CreateFunc, u Users, it Items, pairs []namedInteractions) error {
	if err := WriteFile(create, UsersFile, func(w io.Writer) error { return WriteUsers(w, u) }); err != nil {
		return err
	}
	if err := WriteFile(create, ItemsFile, func(w io.Writer) error { return WriteItems(w, it) }); err != nil {
		return err
	}
	for _, n := range pairs {
		if err := WriteFile(create, n.file, func(w io.Writer) error { return WriteInteractions(w, *n.x) }); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile makes one file of an artifact with one of the Write functions.
func WriteFile(create CreateFunc, file string, write func(io.Writer) error) error {
	f, err := create(file)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// WriteEvaluation writes metrics, and the outcomes that they are the means of.
func WriteEvaluation(create CreateFunc, metrics []Metric, outcomes *Outcomes) error {
	err := WriteFile(create, MetricsFile, func(w io.Writer) error { return WriteMetrics(w, metrics) })
	if err != nil {
		return err
	}
	return WriteFile(create, OutcomesFile, func(w io.Writer) error { return WriteOutcomes(w, outcomes) })
}
