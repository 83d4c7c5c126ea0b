package pipeline

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"foil/spec"
)

// A Task is a cell in a form that another process can run: all that Kind.Run is
// given, with paths to inputs whose content has been checked.
type Task struct {
	Cell      string `json:"cell"`
	Kind      string `json:"kind"`
	Version   int    `json:"version"`             // of the kind
	Params    string `json:"params"`              // as given, on one line of YAML
	Canonical string `json:"canonical,omitempty"` // as they stand in the key
	Seed      uint64 `json:"seed,omitempty"`
	Backend   string `json:"backend,omitempty"`
	Cores     int    `json:"cores"`
	GPUs      []int  `json:"gpus,omitempty"`

	Inputs   map[string]TaskArtifact   `json:"inputs,omitempty"`
	Gathered map[string][]TaskArtifact `json:"gathered,omitempty"`
	Sources  []Source                  `json:"sources,omitempty"`
	Env      *Env                      `json:"env"`

	OutDir  string `json:"out_dir"`
	WorkDir string `json:"work_dir"`

	CheckpointEvery time.Duration `json:"checkpoint_every,omitempty"` // nanoseconds
}

// A TaskArtifact is an input with the places of its files.
type TaskArtifact struct {
	Axes  []TaskAxis `json:"axes,omitempty"` // of a gathered cell
	Files []TaskFile `json:"files"`
}

// A TaskAxis is an AxisValue as text.
type TaskAxis struct {
	Axis  string `json:"axis"`
	Value string `json:"value"`
}

// A TaskFile is a file of an input.
type TaskFile struct {
	File
	Path string `json:"path"`
}

// Hooks receive what a cell says while it runs, as the fields of a Cell do.
type Hooks struct {
	OnProgress func(Progress)
	OnNote     func(text string)
	OnTiming   func(name string, d time.Duration)
	Log        *os.File // a file, so that a process can be given it
}

// newTask writes a cell down. It opens every input, so the error may be about a
// damaged one.
func newTask(n *Node, c *Cell) (*Task, error) {
	t := &Task{
		Cell: c.ID, Kind: n.Kind.Name, Version: n.Kind.Version,
		Params: n.with.String(), Canonical: n.params.Canonical,
		Seed: c.Seed, Backend: c.Backend, Cores: c.Cores, GPUs: c.GPUs,
		Inputs: map[string]TaskArtifact{}, Gathered: map[string][]TaskArtifact{},
		Sources: c.Sources, Env: c.Env, OutDir: c.OutDir, WorkDir: c.WorkDir,
		CheckpointEvery: c.CheckpointEvery,
	}
	for name, a := range c.Inputs {
		in, err := taskArtifact(a, nil)
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", name, err)
		}
		t.Inputs[name] = in
	}
	for name, cells := range c.Gathered {
		t.Gathered[name] = []TaskArtifact{}
		for _, g := range cells {
			in, err := taskArtifact(g.Artifact, g.Axes)
			if err != nil {
				return nil, fmt.Errorf("input %q%s: %w", name, AxesText(g.Axes), err)
			}
			t.Gathered[name] = append(t.Gathered[name], in)
		}
	}
	return t, nil
}

func taskArtifact(a Artifact, axes []AxisValue) (TaskArtifact, error) {
	var t TaskArtifact
	for _, x := range axes {
		t.Axes = append(t.Axes, TaskAxis{x.Axis, x.Value.String()})
	}
	for _, f := range a.Files {
		path, err := a.Open(f)
		if err != nil {
			return t, err
		}
		t.Files = append(t.Files, TaskFile{f, path})
	}
	return t, nil
}

// Run runs the task in this process, with the kind of its name. A panic is an
// error, with its stack in the log.
func (t *Task) Run(ctx context.Context, kinds []Kind, h Hooks) error {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == t.Kind && k.Version == t.Version })
	if i < 0 {
		return fmt.Errorf("this program has no version %d of %s", t.Version, t.Kind)
	}
	cell, err := t.newCell(&kinds[i])
	if err != nil {
		return err
	}
	cell.OnProgress, cell.OnNote, cell.OnTiming = h.OnProgress, h.OnNote, h.OnTiming
	if h.Log != nil {
		cell.OnLog = h.Log
	}
	return kinds[i].call(ctx, cell)
}

// newCell reads what newTask wrote.
func (t *Task) newCell(k *Kind) (*Cell, error) {
	with, err := spec.ParseValue("parameters of "+t.Cell, t.Params)
	if err != nil {
		return nil, err
	}
	params, err := k.Decode(with)
	if err != nil {
		return nil, err
	}
	// What is done has to be what the key says.
	if params.Canonical != t.Canonical {
		return nil, fmt.Errorf("this program reads the parameters %s in another way than the one that sent them", t.Params)
	}
	c := &Cell{
		ID: t.Cell, Params: params.Values, Seed: t.Seed, Backend: t.Backend, Cores: t.Cores, GPUs: t.GPUs,
		Inputs: map[string]Artifact{}, Gathered: map[string][]GatheredCell{},
		Sources: t.Sources, Env: t.Env, OutDir: t.OutDir, WorkDir: t.WorkDir,
		CheckpointEvery: t.CheckpointEvery,
	}
	for name, in := range t.Inputs {
		c.Inputs[name] = in.artifact()
	}
	for name, cells := range t.Gathered {
		for _, in := range cells {
			axes, err := in.axes()
			if err != nil {
				return nil, err
			}
			c.Gathered[name] = append(c.Gathered[name], GatheredCell{Axes: axes, Artifact: in.artifact()})
		}
	}
	return c, nil
}

func (t TaskArtifact) artifact() Artifact {
	var files []File
	paths := make(map[string]string, len(t.Files))
	for _, f := range t.Files {
		files = append(files, f.File)
		paths[f.Name] = f.Path
	}
	return Artifact{Files: files, Open: func(f File) (string, error) { return paths[f.Name], nil }}
}

func (t TaskArtifact) axes() ([]AxisValue, error) {
	var axes []AxisValue
	for _, a := range t.Axes {
		v, err := spec.ParseValue("axis "+a.Axis, a.Value)
		if err != nil {
			return nil, err
		}
		axes = append(axes, AxisValue{a.Axis, v})
	}
	return axes, nil
}
