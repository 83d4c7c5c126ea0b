package run

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"foil/internal/digest"
	"foil/internal/identity"
	"foil/internal/store"
	"foil/pipeline"
)

// Inputs gives a task the files of its inputs, and compares them once more after its end. It is for
// executors. A kind may open several files concurrently.
type Inputs struct {
	store store.Store

	mu      sync.Mutex
	given   map[digest.Digest]given
	damaged map[digest.Digest]*store.DamagedError // when they were opened
}

// A given file is one that the task may have read.
type given struct {
	file pipeline.File
	path string
	seen identity.Identity
}

// NewInputs returns the inputs of a task. They come from a store.
func NewInputs(s store.Store) *Inputs {
	return &Inputs{store: s, given: map[digest.Digest]given{}, damaged: map[digest.Digest]*store.DamagedError{}}
}

// Open returns the path of a file after checking its content. The error of a damaged file is a
// *store.DamagedError.
func (in *Inputs) Open(ctx context.Context, f pipeline.File) (path string, err error) {
	path, err = in.store.Fetch(ctx, f)
	var seen identity.Identity
	if err == nil {
		if seen, err = identity.At(path); err != nil {
			err = &store.DamagedError{File: f, Reason: fmt.Sprintf("cannot be read (%v)", err)}
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	var damaged *store.DamagedError
	_, again := in.given[f.Digest]
	switch {
	case errors.As(err, &damaged):
		in.damaged[f.Digest] = damaged
	case err == nil && !again:
		in.given[f.Digest] = given{f, path, seen}
	}
	return path, err
}

// OpenAll opens all files of a task. The error is an *InputError if some are damaged.
func (in *Inputs) OpenAll(ctx context.Context, t *pipeline.Task) (map[digest.Digest]string, error) {
	paths := map[digest.Digest]string{}
	for _, f := range t.Files() {
		path, err := in.Open(ctx, f)
		if err != nil && !errors.As(err, new(*store.DamagedError)) {
			return nil, err
		}
		paths[f.Digest] = path
	}
	if damaged := in.whenOpened(); damaged != nil {
		return nil, &InputError{Damaged: damaged}
	}
	return paths, nil
}

// Checkpoints returns the folder for the checkpoints of a task whose inputs are open. A checkpoint
// was computed from what the attempt that wrote it has read, and nobody has compared the inputs
// after an attempt that was killed. So the folder is named after the files as they were at the
// start of the attempt: if a program writes to an input and restores it, the name is another one.
// Checkpoints in other folders are removed, with a note.
func (in *Inputs) Checkpoints(w *store.Workspace, note func(text string)) (dir string, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	h := sha256.New()
	for _, d := range slices.SortedFunc(maps.Keys(in.given), func(a, b digest.Digest) int { return bytes.Compare(a[:], b[:]) }) {
		fmt.Fprintf(h, "%s %s\n", d, in.given[d].seen.Fingerprint())
	}
	name := "inputs-" + hex.EncodeToString(h.Sum(nil)[:8])
	if w.Resumes {
		entries, err := os.ReadDir(w.Checkpoint)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		stale := slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name })
		for _, e := range stale {
			if err := os.RemoveAll(filepath.Join(w.Checkpoint, e.Name())); err != nil {
				return "", err
			}
		}
		if len(stale) > 0 {
			note("the files of its inputs have changed since its checkpoint was written, or were made again, so it starts anew")
		}
	}
	return filepath.Join(w.Checkpoint, name), nil
}

// whenOpened lists the files that were damaged when they were opened.
func (in *Inputs) whenOpened() []*store.DamagedError {
	byName := func(a, b *store.DamagedError) int { return strings.Compare(a.File.Name, b.File.Name) }
	return slices.SortedFunc(maps.Values(in.damaged), byName)
}

// Ended compares the files after the end of the task, whose error is err. If files were damaged
// when the task opened them, or may have changed since, the error is an *InputError, whether or not
// the task has noticed.
func (in *Inputs) Ended(ctx context.Context, err error) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if err != nil && ctx.Err() != nil && len(in.damaged) == 0 {
		return err // it was stopped, and publishes nothing
	}
	late, cancel := withGrace(ctx, grace)
	defer cancel()
	e := &InputError{Damaged: in.whenOpened(), Err: err}
	for d, g := range in.given {
		_, bad := in.store.Fetch(late, g.file)
		damaged := in.damaged[d]
		if damaged == nil && errors.As(bad, &damaged) {
			e.Damaged = append(e.Damaged, damaged)
		}
		if bad != nil && damaged == nil {
			return errors.Join(err, bad)
		}
		now, gone := identity.At(g.path)
		switch {
		case damaged != nil || gone != nil || !g.seen.Renamed(now):
			e.Changed = append(e.Changed, g.file)
		case g.seen != now:
			e.Doubtful = append(e.Doubtful, g.file)
		}
	}
	if e.Damaged == nil && e.Changed == nil && e.Doubtful == nil {
		return err
	}
	if e.Changed == nil && e.Doubtful == nil {
		e.Err = nil // it could not read its inputs
	}
	slices.SortFunc(e.Changed, func(a, b pipeline.File) int { return strings.Compare(a.Name, b.Name) })
	return e
}

// An InputError lists input files of a task that are damaged, and those that changed while it ran.
// A task that ran with such a file must run again.
type InputError struct {
	Damaged []*store.DamagedError // the cells that made them must be made again
	Changed []pipeline.File       // some of them may have their old content again
	Err     error                 // of the task itself, if it ran

	// Doubtful files have their old content and time. They may have got another link or other
	// permissions, or a program has written to them and has restored everything.
	Doubtful []pipeline.File
}

func (e *InputError) Error() string {
	var texts []string
	if e.Err != nil && !errors.As(e.Err, new(*store.DamagedError)) {
		texts = append(texts, e.Err.Error())
	}
	changed := slices.Concat(e.Changed, e.Doubtful)
	for _, f := range changed {
		texts = append(texts, fmt.Sprintf("input %s (object %s) changed while the cell ran", f.Name, f.Digest.Short()))
	}
	for _, d := range e.Damaged {
		if !slices.Contains(changed, d.File) {
			texts = append(texts, "input "+d.Error())
		}
	}
	return strings.Join(texts, "; ")
}

func (e *InputError) Unwrap() error { return e.Err }
