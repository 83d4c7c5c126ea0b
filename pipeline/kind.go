package pipeline

import (
	"context"
	"io/fs"
	"slices"

	"foil/internal/digest"
)

// A Type says what an artifact holds, so that wiring can be checked before
// anything runs: a stage that needs a Split cannot be given Metrics.
type Type string

// A Kind is one thing a stage can do, for example "split/user-kfold". Define makes one.
// Kinds are values in one list (package stages); pipeline knows none of them.
type Kind struct {
	// Name is FAMILY/WHAT, as written behind `uses:`; a family of one has no WHAT.
	Name string

	// Version is raised when the output for the same input changes.
	Version int

	// Doc is one or more sentences for `foil kinds`; the first stands alone.
	Doc string

	// Inputs are the needs of a stage of this kind. A port with Gathered set
	// is filled by `gather:` instead of `needs:`. The name "*" stands for any
	// number of stages, needed or gathered, under names of the spec's choice.
	Inputs []Port

	// Output is the type of the artifact that a cell leaves.
	Output Type

	// OutputParam names the parameter that says the type instead, for a kind
	// that leaves it to the spec; Output is the type where it is not given.
	OutputParam string

	// Files documents the files of the artifact: name and what it holds.
	Files []FileDoc

	// Printed names the file of a report that is for the terminal: it is shown
	// when a run ends, and the others are put into a folder. Empty: none is.
	Printed string

	// Expected names the file of a report that lists expected values beside its numbers, as
	// report.ReadExpected reads it. A run whose report misses one of them fails after everything has
	// been published. Empty: there is none.
	Expected string

	// Draws says that the kind draws random numbers, so that the stage's seed
	// is part of the key.
	Draws bool

	// Numeric says that the kind computes with the numeric backend, so that
	// the backend's name is part of the key.
	Numeric bool

	// Libraries are other libraries that compute numbers of the output, with their
	// versions, such as "gonum v0.17.0". They are part of the key.
	Libraries []string

	// Rounds says that the kind computes with floating-point numbers in Go code, so that
	// the last bits of its output may differ between processors and between builds of foil.
	// Numeric and Libraries say that, too.
	Rounds bool

	// Light says that a cell takes no noticeable time, so that it is not worth a process
	// of its own.
	Light bool

	// Cost says what the time of a cell depends on, for estimates.
	Cost Cost

	// Program names the program in the lines of a key, for a kind whose cells run different
	// programs. Only cells with the same program are compared, in explanations and estimates. Nil:
	// all cells of the kind do the same.
	Program func(lines digest.KeyLines) Program

	// RunsProgram says that the work of a cell happens in a program that the kind starts. Such a
	// program may write to any file. One process of foil serves many cells, one after the other,
	// instead of a new one for each. After Run has returned, the kind must not leave goroutines or
	// change the environment or the working directory of the process. It must use Cell.Programs.
	RunsProgram bool

	// Open opens an artifact that names this kind as the one that can, at a checkpoint, for a
	// cell of another kind: with that cell's Backend and Cores, so that kind has to be Numeric
	// if this one computes with the backend. What it returns depends on the artifact's type: a
	// recommender is an artifact.Recommender. Nil: nothing is opened through this kind.
	// The output of the kinds that read it depends on what Open does: where that changes, raise
	// the Version of this kind. It is part of the artifact, so that they run again.
	Open func(ctx context.Context, cell *Cell, a Artifact, checkpoint string) (any, error)

	definition definition // set by Define
}

// Rounded says whether the output may differ in its last bits where the numeric signature is
// another one. The output of other kinds is the same everywhere.
func (k Kind) Rounded() bool { return k.Numeric || k.Rounds || len(k.Libraries) > 0 }

// A Program is what a cell runs: a program, such as python3, and the script that it is given, if
// that is known.
type Program struct{ Name, Script string }

// A Port is a named input of a kind.
type Port struct {
	Name     string
	Type     Type   // empty: any
	Or       []Type // further types that it takes
	Doc      string
	Optional bool
	Gathered bool // filled by `gather:`, all cells of a stage as one table
}

// Takes says whether an artifact of a type fits the port.
func (p Port) Takes(t Type) bool {
	return p.Type == "" || p.Type == t || slices.Contains(p.Or, t)
}

// Types names the types that the port takes, for people; empty: any.
func (p Port) Types() string {
	text := string(p.Type)
	for _, t := range p.Or {
		text += " or " + string(t)
	}
	return text
}

// A FileDoc documents one file of an artifact.
type FileDoc struct{ Name, Doc string }

// A Source is something outside of the pipeline that a kind reads.
type Source struct {
	Name   string        // what it is, for example "ml-1m.zip"; part of the key
	Digest digest.Digest // of its content; part of the key
	Path   string        // where it lies here; empty: to be downloaded. Not in the key

	// Content is the content itself where that is small, such as a script's:
	// what was hashed is then what runs, here and on other machines.
	Content []byte `json:",omitempty"`

	// Version is that of a package or interpreter that the kind runs, by the name of which the key
	// has a line. Such a source has no digest. Empty: it is not one.
	Version string `json:",omitempty"`
}

// Env is the machine as kinds see it that read from outside the pipeline. Nothing of it is
// part of a key.
type Env struct {
	DataDir   string // --data or FOIL_DATA; empty when not given
	Downloads string // folder in which downloaded sources are kept between runs
	Offline   bool   // never use the network

	Environments string // folder in which environments of programs are kept between runs

	// Files is what lies beside the spec. Only Work.Sources is given it, so that whatever
	// is read from there is part of the key.
	Files fs.FS `json:"-"`
}
