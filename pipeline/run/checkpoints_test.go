package run_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

// A checkpoint may hold what an attempt has computed from wrong input. It is used only if its input
// files were not touched since that attempt began.
func TestCheckpointIsForUntouchedInputs(t *testing.T) {
	const src = "name: x\nstages:\n  a: {uses: test/text, with: {text: hello}}\n  b: {uses: test/text, needs: {a: a}}\n"
	const note = "b: the files of its inputs have changed since its checkpoint was written, or were made again, so it starts anew"
	failure := errors.New("no luck")
	twice := func(how string) func(string) error {
		return func(path string) error { return errors.Join(attack(path, how), attack(path, how)) }
	}
	for name, c := range map[string]struct {
		harm    func(path string) error // to the input, during the first attempt
		between func(path string) error // after it
		err     error                   // of the first attempt
		resumes bool
	}{
		"untouched":               {err: failure, resumes: true},
		"changed and restored":    {harm: twice("in place"), err: failure},
		"replaced and restored":   {harm: twice("by a rename"), err: failure},
		"changed, run again":      {harm: func(path string) error { return attack(path, "in place") }},
		"changed, failed":         {harm: func(path string) error { return attack(path, "in place") }, err: failure},
		"made again":              {between: os.Remove, err: failure},
		"touched after a failure": {between: twice("in place"), err: failure},
	} {
		t.Run(name, func(t *testing.T) {
			b := pipelinetest.New(t)
			runs, input, resumed := &counter{}, "", false
			b.During = func(_ context.Context, cell *pipeline.Cell) error {
				if cell.ID != "b" {
					return nil
				}
				state := filepath.Join(cell.WorkDir, "state")
				if runs.begin("b") > 1 {
					_, err := os.Stat(state)
					resumed = err == nil
					if err != nil && !errors.Is(err, fs.ErrNotExist) {
						return err
					}
					return nil
				}
				var err error
				if input, err = inputOf(cell); err != nil {
					return err
				}
				err = errors.Join(os.MkdirAll(cell.WorkDir, 0o777), os.WriteFile(state, []byte("half"), 0o666))
				if err == nil && c.harm != nil {
					err = c.harm(input)
				}
				return errors.Join(err, c.err)
			}
			var notes []string
			b.Running.OnEvent = func(e run.Event) {
				if e, ok := e.(run.CellNote); ok {
					notes = append(notes, e.Node.ID+": "+e.Text)
				}
			}
			if _, err := b.Run(src); err != nil && c.err == nil {
				t.Fatal(err)
			}
			if c.between != nil {
				if err := c.between(input); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := b.Run(src); err != nil {
				t.Fatal(err)
			}
			if runs.runs["b"] != 2 || resumed != c.resumes || slices.Contains(notes, note) == c.resumes {
				t.Errorf("%d attempts, the last one resumes: %v, notes %q; want 2, %v", runs.runs["b"], resumed, notes, c.resumes)
			}
		})
	}
}
