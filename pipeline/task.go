package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"foil/internal/digest"
	"foil/internal/numeric"
)

// A Task is a cell in serialized form: all arguments of Kind.Run, with inputs by digest. An
// executor fetches the inputs from a store, and may run the task on any machine.
type Task struct {
	Cell      string          `json:"cell"`
	Kind      string          `json:"kind"`
	Version   int             `json:"version"`             // of the kind
	Params    json.RawMessage `json:"params,omitempty"`    // decoded
	Canonical string          `json:"canonical,omitempty"` // as in the key
	Seed      uint64          `json:"seed,omitempty"`
	Backend   string          `json:"backend,omitempty"`
	Needs     Limits          `json:"needs"` // resources of the cell

	Inputs []TaskInput `json:"inputs,omitempty"`

	// Sources are by digest, too. Their paths are the paths on the planning machine.
	Sources []Source `json:"sources,omitempty"`

	CheckpointEvery time.Duration `json:"checkpoint_every,omitempty"` // nanoseconds
}

// A TaskInput is an artifact that a task reads: the artifact of a need, or of one of the cells that
// are gathered under a name.
type TaskInput struct {
	Name     string      `json:"name"`
	Gathered bool        `json:"gathered,omitempty"`
	Axes     []AxisValue `json:"axes,omitempty"` // of a gathered cell
	Files    []File      `json:"files"`
}

// Hooks receive the messages of a running cell, like the fields of a Cell with these names.
type Hooks struct {
	OnProgress func(Progress)
	OnNote     func(text string)
	OnTiming   func(name string, d time.Duration)
	OnNumeric  func(numeric.Signature) // of the process that runs the kind; nil: not asked for
}

// A Site is the part of a task that depends on the machine. The executor sets it.
type Site struct {
	Env     *Env   `json:"env"`
	GPUs    []int  `json:"gpus,omitempty"` // the GPUs of the machine that the cell may use
	OutDir  string `json:"out_dir"`        // see Cell
	WorkDir string `json:"work_dir"`

	Log io.Writer `json:"-"` // nil: drop the log

	Programs Programs `json:"-"` // see Cell

	// Numeric describes what this process computes with: a backend, or "" for Go code alone, on a
	// number of threads. Nil: not known.
	Numeric func(backend string, threads int) (numeric.Signature, error) `json:"-"`

	// Open returns the path of an input's file.
	Open func(File) (path string, err error) `json:"-"`
}

// SetParams writes parameters into the task.
func (t *Task) SetParams(p *Parameters) (err error) {
	t.Params, err = json.Marshal(p.Values)
	t.Canonical = p.Canonical
	return err
}

// Files are the files of all inputs, each content once.
func (t *Task) Files() []File {
	var files []File
	seen := map[digest.Digest]bool{}
	for _, in := range t.Inputs {
		for _, f := range in.Files {
			if !seen[f.Digest] {
				seen[f.Digest] = true
				files = append(files, f)
			}
		}
	}
	return files
}

// Run runs the task in this process. A panic becomes an error, and its stack is written to the log.
func (t *Task) Run(ctx context.Context, kinds []Kind, s Site, h Hooks) (err error) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == t.Kind && k.Version == t.Version })
	if i < 0 {
		return fmt.Errorf("this program has no version %d of the kind %s; use the program that planned the task", t.Version, t.Kind)
	}
	params, err := kinds[i].decodeTask(t.Params, t.Canonical)
	if err != nil {
		return err
	}
	if err := t.sign(kinds[i], s, h); err != nil {
		return err
	}
	cell := t.newCell(s, h)
	cell.Kind = finder(kinds)
	defer func() {
		if p := recover(); p != nil {
			cell.Logf("panic: %v\n\n%s", p, debug.Stack())
			err = &Failure{Panicked, fmt.Sprintf("panic: %v", p)}
		}
	}()
	return kinds[i].Run(ctx, cell, params)
}

// sign reports the numeric signature of this process, if the kind rounds.
func (t *Task) sign(k Kind, s Site, h Hooks) error {
	if s.Numeric == nil || h.OnNumeric == nil || !k.Rounded() {
		return nil
	}
	signature, err := s.Numeric(t.Backend, t.Needs.Cores)
	if err == nil {
		h.OnNumeric(signature)
	}
	return err
}

// finder finds kinds by their names. It returns nil for an unknown name.
func finder(kinds []Kind) func(name string) *Kind {
	return func(name string) *Kind {
		i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
		if i < 0 {
			return nil
		}
		return &kinds[i]
	}
}

// newCell makes what the kind is given.
func (t *Task) newCell(s Site, h Hooks) *Cell {
	c := &Cell{
		ID: t.Cell, Seed: t.Seed, Backend: t.Backend, Cores: t.Needs.Cores, GPUs: s.GPUs,
		Inputs: map[string]Artifact{}, Gathered: map[string][]GatheredCell{},
		Sources: t.Sources, Env: s.Env, OutDir: s.OutDir, WorkDir: s.WorkDir,
		CheckpointEvery: t.CheckpointEvery,
		Programs:        s.Programs,
		OnProgress:      h.OnProgress, OnNote: h.OnNote, OnTiming: h.OnTiming, OnLog: s.Log,
	}
	for _, in := range t.Inputs {
		a := Artifact{Files: in.Files, Open: s.Open}
		if in.Gathered {
			c.Gathered[in.Name] = append(c.Gathered[in.Name], GatheredCell{Axes: in.Axes, Artifact: a})
		} else {
			c.Inputs[in.Name] = a
		}
	}
	return c
}
