package pipeline

import (
	"context"

	"foil/internal/cache"
	"foil/spec"
)

// A Type says what an artifact holds, so that wiring can be checked before
// anything runs: a stage that needs a Split cannot be given Metrics.
type Type string

// A Kind is one thing a stage can do, for example "split/user-kfold". Kinds
// are values in one list (package stages); pipeline knows none of them.
type Kind struct {
	// Name is FAMILY/WHAT, as written behind `uses:`.
	Name string

	// Version is raised when the output for the same input changes.
	Version int

	// Doc is one or more sentences for `foil kinds`; the first stands alone.
	Doc string

	// Inputs are the needs of a stage of this kind. A port with Gathered set
	// is filled by `gather:` instead of `needs:`; its name may be "*", which
	// stands for any number of gathered stages under names of the spec's choice.
	Inputs []Port

	// Output is the type of the artifact that Run makes.
	Output Type

	// Files documents the files of the artifact: name and what it holds.
	Files []FileDoc

	// Params returns a pointer to a new struct that holds the defaults. Field
	// tags give name, meaning, unit and bounds: see spec.Decode. A nil Params
	// means that the kind takes none.
	Params func() any

	// CheckGathers holds the parameters against what a stage gathers, while the
	// spec is checked, where they name gathers or axes. Paths are those of
	// spec.Decode's Check. Nil: nothing to check.
	CheckGathers func(params any, gathers []Gather, report func(path, format string, args ...any))

	// Draws says that the kind draws random numbers, so that the stage's seed
	// is part of the key.
	Draws bool

	// Numeric says that the kind computes with the numeric backend, so that
	// the backend's name is part of the key.
	Numeric bool

	// Light says that a cell is done in no time, so that it is not worth a process
	// of its own.
	Light bool

	// Sources names what the kind reads from outside the pipeline (a data set
	// in a folder, or the published checksum of one that would be downloaded).
	// It is called while planning and must not download. The digests of the
	// sources are part of the key; where they lie is not. Nil: none.
	Sources func(ctx context.Context, env *Env, params any) ([]Source, error)

	// Run reads cell.Inputs and writes files with cell.Create. It must return
	// ctx's error soon after ctx is done, and must not read clocks, environment,
	// or anything else from which two identical runs could differ.
	Run func(ctx context.Context, cell *Cell) error
}

// A Port is a named input of a kind.
type Port struct {
	Name     string
	Type     Type
	Doc      string
	Optional bool
	Gathered bool // filled by `gather:`, all cells of a stage as one table
}

// A Gather is what a stage gathers under a name: all cells of another stage.
type Gather struct {
	Name string
	Axes map[string][]spec.Value // axis: its values
}

// A FileDoc documents one file of an artifact.
type FileDoc struct{ Name, Doc string }

// A Source is something outside of the pipeline that a kind reads.
type Source struct {
	Name   string       // what it is, for example "ml-1m.zip"; part of the key
	Digest cache.Digest // of its content; part of the key
	Path   string       // where it lies here; empty: to be downloaded. Not in the key
}

// Env is what a run offers to kinds that look outside: the machine's side of
// things, none of which is part of a key.
type Env struct {
	DataDir   string // --data or FOIL_DATA; empty when not given
	Downloads string // folder in which downloaded sources are kept between runs
	Offline   bool   // never use the network
}
