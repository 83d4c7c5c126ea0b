package pipeline

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"foil/spec"
)

// A Cell is what a kind sees of one stage instance beside its parameters: its inputs, and
// the ways to write its output and to say how far it is. It knows neither cache nor
// terminal nor other cells, so a test can make one by hand:
//
//	cell := &pipeline.Cell{Inputs: ..., OutDir: t.TempDir()}
type Cell struct {
	// ID is the cell's name, such as "model[age=200,fold=0]", for messages
	// only: it must not reach the output.
	ID string

	Seed     uint64                    // of the stage, for kinds that draw random numbers
	Inputs   map[string]Artifact       // by the name of the need
	Gathered map[string][]GatheredCell // by the name of the gather, in axis order
	Sources  []Source                  // what Work.Sources returned
	Env      *Env
	Backend  string // numeric backend, in GoMLX's notation ("go", "xla:cpu", ...)
	Cores    int    // how many threads the cell may keep busy; 0 means 1
	GPUs     []int  // those of the machine that are the cell's, numbered from 0

	// Kind finds a kind by its name, nil where there is none: the one that can open an
	// artifact (Kind.Open).
	Kind func(name string) *Kind

	// OutDir receives the files of the artifact.
	OutDir string

	// WorkDir belongs to this key and survives a killed run: the place for
	// checkpoints. It may not exist yet: see os.MkdirAll. Empty when there is none.
	WorkDir string

	// CheckpointEvery is the longest work that an interruption can lose. 0: as the kind
	// sees fit.
	CheckpointEvery time.Duration

	// OnProgress, OnNote, OnLog and OnTiming receive what Progress, Note, Logf and Time are
	// given; nil drops it.
	OnProgress func(Progress)
	OnNote     func(text string)
	OnLog      io.Writer
	OnTiming   func(name string, d time.Duration)
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

// AxesText writes coordinates the way cells are named: "[age=200,fold=0]", and
// nothing where there are none.
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

// Progress says how far a cell is.
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

// Progress reports how far the cell is; cheap enough for every step.
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

// Note tells people something that they should know of the result, and keeps it
// in the log.
func (c *Cell) Note(format string, args ...any) {
	c.Logf(format, args...)
	if c.OnNote != nil {
		c.OnNote(fmt.Sprintf(format, args...))
	}
}

// Time hands a duration to the cell's record; artifacts hold none.
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
