//go:build unix

package stress

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"foil/internal/checkpoint"
	"foil/internal/digest"
	"foil/internal/safetensors"
	"foil/pipeline"
	"foil/spec"
)

// kinds are test/steps, which counts and checkpoints, test/join, and test/tamper.
var kinds = []pipeline.Kind{
	pipeline.Define(pipeline.Kind{
		Name: "test/steps", Version: 1, Output: "bytes",
		Inputs: []pipeline.Port{{Name: "in", Optional: true}},
	}, describedSteps, noted(steps)),
	pipeline.Define(pipeline.Kind{
		Name: "test/join", Version: 1, Output: "bytes", Light: true,
		Inputs: []pipeline.Port{{Name: "cells", Gathered: true}},
	}, pipeline.NoParams, noted(func(_ context.Context, c *pipeline.Cell, _ *pipeline.None, _ *notes) error {
		return write(c, inputs(c), 1000)
	})),
	tamper,
}

type stepParams struct {
	N     int `yaml:"n"`
	Steps int `yaml:"steps"`
	Bytes int `yaml:"bytes"`
	Keep  int `yaml:"keep"`
}

var describedSteps = &spec.Params[stepParams]{Docs: spec.Docs{
	"n":     "tells cells apart, and how slow they are to stop",
	"steps": "how many steps it takes",
	"bytes": "size of the output",
	"keep":  "size of a checkpoint",
}}

// A chain is what test/steps computes: every link is the digest of the one before
// it, so that a step too many or too few changes the end.
type chain struct {
	Step int
	Link digest.Digest
}

const layout = 1

// steps goes on from its checkpoint; it writes one after every second step.
func steps(ctx context.Context, c *pipeline.Cell, p *stepParams, n *notes) error {
	path := filepath.Join(c.WorkDir, "chain")
	var at chain
	if _, err := checkpoint.Load(path, layout, &at); errors.Is(err, fs.ErrNotExist) {
		first := inputs(c)
		at = chain{Link: digest.Of(fmt.Appendf(first[:], "%d", p.N))}
	} else if err != nil {
		return err // a kill must not leave half a checkpoint
	}
	n.add("from", at.Step)
	for at.Step < p.Steps {
		select {
		case <-ctx.Done():
			// A cell whose run was killed is slow to notice: the next run waits for it.
			time.Sleep(time.Duration(p.N) * 500 * time.Millisecond)
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
		at = chain{at.Step + 1, digest.Of(at.Link[:])}
		c.Logf("step %d", at.Step)
		if at.Step%2 == 0 {
			bulk := safetensors.Tensor{Name: "bulk", Shape: []int{p.Keep}, U8: make([]byte, p.Keep)}
			if err := checkpoint.Save(path, layout, at, []safetensors.Tensor{bulk}); err != nil {
				c.Note("no checkpoint: %v", err)
			} else {
				n.add("saved", at.Step)
			}
		}
	}
	return write(c, at.Link, p.Bytes)
}

// inputs is a digest of all that a cell reads, as it lies on the disk.
func inputs(c *pipeline.Cell) digest.Digest {
	h := sha256.New()
	read := func(a pipeline.Artifact) {
		for _, f := range a.Files {
			path, err := a.Path(f.Name)
			if err == nil {
				var text []byte
				text, err = os.ReadFile(path)
				h.Write(text)
			}
			fmt.Fprintf(h, "%s %v\n", f.Name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Inputs)) {
		read(c.Inputs[name])
	}
	for _, g := range c.Gathered["cells"] {
		read(g.Artifact)
	}
	return digest.Digest(h.Sum(nil))
}

// write fills two files with bytes that follow from a digest.
func write(c *pipeline.Cell, d digest.Digest, size int) error {
	bytes := make([]byte, size)
	rand.NewChaCha8(d).Read(bytes)
	for _, name := range []string{"bytes", "folder/more"} {
		f, err := c.Create(name)
		if err != nil {
			return err
		}
		_, err = f.Write(bytes)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// notes is a file outside the cache in which cells record their work: one line per event, in order.
type notes struct {
	file *os.File
	cell string
}

func (n *notes) add(what string, step int) { fmt.Fprintln(n.file, what, n.cell, step) }

// noted lets a kind take notes, and watches that no two processes do the same work at
// a time, by a lock that is not the cache's.
func noted[P any](run func(context.Context, *pipeline.Cell, *P, *notes) error) pipeline.Work[P] {
	return pipeline.Work[P]{Run: func(ctx context.Context, c *pipeline.Cell, p *P) error {
		dir := os.Getenv(notesDir)
		file, err := os.OpenFile(filepath.Join(dir, "notes"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
		if err != nil {
			return err
		}
		defer file.Close()
		n := &notes{file: file, cell: c.ID}
		guard, err := os.Create(filepath.Join(dir, "guard "+c.ID))
		if err != nil {
			return err
		}
		defer guard.Close()
		if err := unix.Flock(int(guard.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			n.add("twice", 0)
			return fmt.Errorf("two processes work on %s", c.ID)
		}
		n.add("begin", 0)
		if err := run(ctx, c, p, n); err != nil {
			return err
		}
		n.add("end", 0)
		return nil
	}}
}
