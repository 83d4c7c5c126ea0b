package pipeline

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"foil/spec"
)

// A Cell is one stage instance as Kind.Run sees it: its parameters and inputs, and the methods that
// write its output and report its progress. It has no access to the cache, the terminal or other
// cells, so a test can make one by hand:
//
//	cell := &pipeline.Cell{Inputs: ..., OutDir: t.TempDir()}
type Cell struct {
	// ID is the cell's name, such as "model[age=200,fold=0]". It is for messages only and must not
	// become part of the output.
	ID string

	// By is the kind that does the work. Kind.Run sets it.
	By KindVersion

	Seed     uint64                    // of the stage, for kinds that draw random numbers
	Inputs   map[string]Artifact       // by the name of the need
	Gathered map[string][]GatheredCell // by the name of the gather, in axis order
	Sources  []Source                  // what Work.Sources returned
	Env      *Env
	Backend  string // numeric backend, in GoMLX's notation ("go", "xla:cpu", ...)
	Cores    int    // threads that the cell may use; 0 means 1
	GPUs     []int  // the GPUs of the machine that the cell may use, numbered from 0

	// Kind finds a kind by its name, for example to open an artifact with Kind.Open. It returns nil
	// for an unknown name.
	Kind func(name string) *Kind

	// OutDir receives the files of the artifact.
	OutDir string

	// WorkDir is the folder for checkpoints. It belongs to this key and to these files of the inputs,
	// and survives a killed run. It may not exist yet: see os.MkdirAll. It is empty if the cell has
	// no such folder, as cells of light kinds.
	WorkDir string

	// CheckpointEvery is the longest work that an interruption can lose. 0: the default of the
	// kind.
	CheckpointEvery time.Duration

	// Programs are the processes that the kind starts. Nil: the executor does not know them, and
	// the kind must end what it starts.
	Programs Programs

	// OnProgress, OnNote, OnLog and OnTiming receive the arguments of Progress, Note, Logf and
	// Time. A nil function drops them.
	OnProgress func(Progress)
	OnNote     func(text string)
	OnLog      io.Writer
	OnTiming   func(name string, d time.Duration)
}

// Programs are all processes that a kind has started in a cell, directly or indirectly, including
// those that have left their process group. The executor ends them after the kind has returned.
type Programs interface {
	// Started must be called after the kind has started a program. It may run one at a time.
	Started(program *os.Process)

	// Terminate asks all of them to end (SIGTERM). A second call does nothing.
	Terminate()

	// Ended must be called after the program has ended, and before the kind reads what it wrote. It
	// waits until all other processes have ended, too. If some have not within the patience, the
	// error names them.
	Ended(ctx context.Context, program *os.ProcessState, patience time.Duration) error
}

// A KindVersion is a version of a kind.
type KindVersion struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"`
}

// A GatheredCell is one cell of a gathered stage, with its axes.
type GatheredCell struct {
	Axes     []AxisValue // sorted by name
	Artifact Artifact
}

// An AxisValue is one coordinate of a cell.
type AxisValue struct {
	Axis  string     `json:"axis"`
	Value spec.Value `json:"value"`
}

// AxesText writes coordinates as in the names of cells: "[age=200,fold=0]", or "" without
// coordinates.
func AxesText(axes []AxisValue) string {
	if len(axes) == 0 {
		return ""
	}
	var b strings.Builder
	for i, a := range axes {
		b.WriteByte("[,"[min(i, 1)])
		b.WriteString(a.Axis)
		b.WriteByte('=')
		b.WriteString(a.Value.String())
	}
	b.WriteByte(']')
	return b.String()
}

// Progress is the progress of a running cell.
type Progress struct {
	Done, Total int64   // in Unit; Total 0 when unknown
	Unit        string  // "epochs", "bytes"
	Message     string  // short, for example "val ndcg@10 0.412"
	Loss        float64 // current loss; 0 when there is none
}

// Create makes a file of the artifact. The caller closes it and checks the error.
func (c *Cell) Create(name string) (*os.File, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("artifact file %q: a name inside the artifact is needed", name)
	}
	path := filepath.Join(c.OutDir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return os.Create(path)
}

// Progress reports the progress of the cell. It is cheap enough to be called at every step.
func (c *Cell) Progress(p Progress) {
	if c.OnProgress != nil {
		c.OnProgress(p)
	}
}

// Logf writes a line to the cell's log, which is kept with the record.
func (c *Cell) Logf(format string, args ...any) {
	if c.OnLog != nil {
		fmt.Fprintf(c.OnLog, format+"\n", args...)
	}
}

// Note shows a message about the result to the user, and keeps it in the log.
func (c *Cell) Note(format string, args ...any) {
	c.Logf(format, args...)
	if c.OnNote != nil {
		c.OnNote(fmt.Sprintf(format, args...))
	}
}

// Time adds a duration to the cell's record. Artifacts hold no durations.
func (c *Cell) Time(name string, d time.Duration) {
	if c.OnTiming != nil {
		c.OnTiming(name, d)
	}
}

// Input returns the path of a file of the input called need.
func (c *Cell) Input(need, file string) (string, error) {
	a, ok := c.Inputs[need]
	if !ok {
		return "", fmt.Errorf("no input %q", need)
	}
	return a.Path(file)
}
