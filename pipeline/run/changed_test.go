package run_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

// inputOf opens the input of a cell, like a kind that is about to read it.
func inputOf(c *pipeline.Cell) (path string, err error) { return c.Input("a", "text") }

// flipped is a file with another content of the same size.
func flipped(path string) []byte {
	text, _ := os.ReadFile(path)
	text[len(text)/2] ^= 1
	return text
}

// attacks change an input in ways that its size and the times that a program can set do not show.
var attacks = map[string]func(path string) error{
	"in place": func(path string) error { return os.WriteFile(path, flipped(path), 0o666) },
	"cut first": func(path string) error {
		text := flipped(path)
		return errors.Join(os.Truncate(path, 0), os.WriteFile(path, text, 0o666))
	},
	"by a rename": func(path string) error {
		return errors.Join(os.WriteFile(path+" 2", flipped(path), 0o444), os.Rename(path+" 2", path))
	},
	"removed first": func(path string) error {
		text := flipped(path)
		return errors.Join(os.Remove(path), os.WriteFile(path, text, 0o444))
	},
}

// attack changes an input and restores its times and permissions.
func attack(path, how string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return errors.Join(os.Chmod(path, 0o666), attacks[how](path), os.Chtimes(path, info.ModTime(), info.ModTime()), os.Chmod(path, info.Mode()))
}

// changedInput is the error of a kind whose program has changed an input.
var changedInput = &pipeline.Failure{Code: pipeline.InputChanged, Message: "the program changed in/a/text"}

// A counter counts the runs of cells.
type counter struct {
	mu   sync.Mutex
	runs map[string]int
}

func (c *counter) begin(id string) (run int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs == nil {
		c.runs = map[string]int{}
	}
	c.runs[id]++
	return c.runs[id]
}

// clean are the digests of a spec in which no cell changes its input.
func clean(t *testing.T, src string) map[string]string {
	t.Helper()
	_, r := pipelinetest.New(t).MustRun(src)
	return texts(r)
}

func texts(r *run.Result) map[string]string {
	all := map[string]string{}
	for id, d := range pipelinetest.Digests(r) {
		if s := r.Of(id).Status; s == run.WasMade || s == run.WasHit {
			all[id] = d.String()
		}
	}
	return all
}

// wantRest checks that the cells that did not fail are what they are in a clean run, in this run
// and in the cache.
func wantRest(t *testing.T, b *pipelinetest.Bench, src string, r *run.Result, failed ...string) {
	t.Helper()
	want := clean(t, src)
	for _, id := range failed {
		delete(want, id)
	}
	if got := texts(r); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	b.During = nil
	b.Running.Deliver = func(*graph.Node) bool { return true }
	again, err := b.Run(src)
	if err != nil {
		t.Fatal(err)
	}
	for id, d := range texts(again) {
		if want := want[id]; want != "" && d != want {
			t.Errorf("%s is %s in the cache, want %s", id, d, want)
		}
	}
}

const badAndGood = `name: x
stages:
  a: {uses: test/text, with: {text: a}}
  bad: {uses: KIND, needs: {a: a}, with: {n: 1}}
  good: {uses: test/text, needs: {a: a}, with: {n: 2}}
  last: {uses: test/text, needs: {a: good}}
`

// A program that changes its input fails its cell. Other cells read the input as it was.
func TestCellThatChangesItsInputFails(t *testing.T) {
	for how := range attacks {
		for kind, test := range map[string]struct {
			err  error // of the kind
			runs int
			want string
		}{
			"test/program": {changedInput, 1, "bad: test/program: the program changed in/a/text"},
			"test/text":    {nil, 2, "bad: test/text: input text (object "}, // the kind has not noticed
			"test/draws":   {errors.New("no luck"), 2, "bad: test/draws: no luck; input text (object "},
		} {
			t.Run(how+" by "+kind, func(t *testing.T) {
				src := strings.Replace(badAndGood, "KIND", kind, 1)
				b := pipelinetest.New(t)
				b.Running.Workers = 1
				runs := &counter{}
				b.During = func(_ context.Context, c *pipeline.Cell) error {
					path, err := inputOf(c)
					if err != nil && c.ID != "a" {
						return err
					}
					runs.begin(c.ID)
					if c.ID != "bad" {
						return nil
					}
					return errors.Join(attack(path, how), test.err)
				}
				r, err := b.Run(src)
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				if runs.runs["bad"] != test.runs || runs.runs["good"] != 1 || runs.runs["a"] != 1+test.runs {
					t.Errorf("runs %v", runs.runs)
				}
				wantRest(t, b, src, r, "bad")
			})
		}
	}
}

// Several cells have an input at the same time when one of them changes it, so nobody can tell
// which. They run once more, one at a time, and only that one fails. It does not matter what the
// others made of the changed input: output, an error, or a program's error that blames themselves.
func TestCellsBesideTheOneThatChangesTheirInputRunAgain(t *testing.T) {
	const src = `name: x
stages:
  a: {uses: test/text, with: {text: a}}
  bad: {uses: test/program, needs: {a: a}, with: {n: 1}}
  reads: {uses: test/text, needs: {a: a}, with: {n: 2}}
  fails: {uses: test/text, needs: {a: a}, with: {n: 3}}
  blamed: {uses: test/program, needs: {a: a}, with: {n: 4}}
  after: {uses: test/gather, gather: {r: reads, f: fails, b: blamed}}
`
	for how := range attacks {
		t.Run(how, func(t *testing.T) {
			b := pipelinetest.New(t)
			b.Running.Workers = 4
			runs := &counter{}
			var started sync.WaitGroup
			started.Add(4)
			changed := make(chan struct{})
			var beside sync.Mutex // locked by a cell that runs for the second time
			b.During = func(_ context.Context, c *pipeline.Cell) error {
				if c.ID == "a" || c.ID == "after" {
					return nil
				}
				path, err := inputOf(c)
				if err != nil {
					return err
				}
				n := runs.begin(c.ID)
				if n == 1 {
					started.Done()
					started.Wait()
				} else {
					if !beside.TryLock() {
						t.Errorf("%s is not apart", c.ID)
					}
					defer beside.Unlock()
					time.Sleep(10 * time.Millisecond)
				}
				if c.ID == "bad" {
					err = attack(path, how)
					if n == 1 {
						close(changed)
					}
					return errors.Join(err, changedInput)
				}
				<-changed
				switch {
				case n > 1:
					return nil
				case c.ID == "fails":
					return errors.New("cannot read this")
				case c.ID == "blamed":
					return changedInput
				}
				return nil
			}
			var r *run.Result
			var err error
			pipelinetest.Within(t, 30*time.Second, func() { r, err = b.Run(src) })
			if err == nil || !strings.HasPrefix(err.Error(), "1 cell failed\n  bad: test/program: the program changed in/a/text") {
				t.Errorf("got %v", err)
			}
			for _, id := range []string{"bad", "reads", "fails", "blamed"} {
				if runs.runs[id] != 2 {
					t.Errorf("%s ran %d times, want 2", id, runs.runs[id])
				}
			}
			wantRest(t, b, src, r, "bad")
		})
	}
}

// However many cells change the input, the others get it as it was.
func TestManyCellsThatChangeAnInputFailAlone(t *testing.T) {
	for _, workers := range []int{1, 3} {
		const src = `name: x
stages:
  a: {uses: test/text, with: {text: a}}
  bad: {uses: test/program, needs: {a: a}, matrix: {i: [1, 2, 3, 4, 5, 6, 7]}, with: {n: "${matrix.i}"}}
  good: {uses: test/text, needs: {a: a}, matrix: {i: [1, 2, 3]}, with: {n: "${matrix.i}", text: good}}
`
		b := pipelinetest.New(t)
		b.Running.Workers = workers
		b.During = func(_ context.Context, c *pipeline.Cell) error {
			if c.ID == "a" {
				return nil
			}
			path, err := inputOf(c)
			time.Sleep(time.Millisecond)
			if strings.HasPrefix(c.ID, "bad") {
				return errors.Join(err, attack(path, "in place"), changedInput)
			}
			return err
		}
		var r *run.Result
		var err error
		pipelinetest.Within(t, 30*time.Second, func() { r, err = b.Run(src) })
		if r.Failed != 7 || r.Made != 4 {
			t.Errorf("%d workers: %v, %+v", workers, err, r)
		}
		wantRest(t, b, src, r, "bad[i=1]", "bad[i=2]", "bad[i=3]", "bad[i=4]", "bad[i=5]", "bad[i=6]", "bad[i=7]")
	}
}

// A program changes an input and restores it, with its time. A cell beside it may have read the
// change. A cell beside a kind of foil's own has not: the file got another link, say.
func TestRestoredInputIsReadAgainIfAProgramHadIt(t *testing.T) {
	for kind, again := range map[string]int{"test/program": 2, "test/text": 1} {
		src := strings.Replace(badAndGood, "KIND", kind, 1)
		b := pipelinetest.New(t)
		runs := &counter{}
		var both sync.WaitGroup
		both.Add(2)
		changed, restored := make(chan struct{}), make(chan struct{})
		b.During = func(_ context.Context, c *pipeline.Cell) error {
			n := runs.begin(c.ID)
			if c.ID != "bad" && c.ID != "good" || n > 1 {
				return nil
			}
			path, err := inputOf(c)
			if err != nil {
				return err
			}
			both.Done()
			both.Wait()
			if c.ID == "good" {
				if kind == "test/program" {
					<-changed
					if f, err := c.Create("text"); err == nil { // of what it has read now
						f.Close()
					}
				}
				<-restored
				return nil
			}
			if kind == "test/program" {
				err = attack(path, "in place")
				close(changed)
				time.Sleep(10 * time.Millisecond)
				err = errors.Join(err, attack(path, "in place"))
			} else {
				err = os.Link(path, filepath.Join(b.Dir, "backup"))
			}
			close(restored)
			return err
		}
		var r *run.Result
		var err error
		pipelinetest.Within(t, 30*time.Second, func() { r, err = b.Run(src) })
		if err != nil || runs.runs["good"] != again || runs.runs["a"] != 1 {
			t.Errorf("%s: %v, runs %v", kind, err, runs.runs)
			continue
		}
		wantRest(t, b, src, r)
	}
}

// The caller will read an artifact that a cell damages: it is made again in the same run.
func TestDeliveredInputThatACellChangedIsMadeAgain(t *testing.T) {
	b := pipelinetest.New(t)
	b.Running.Deliver = func(n *graph.Node) bool { return n.ID == "a" }
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		if c.ID != "bad" {
			return nil
		}
		path, err := inputOf(c)
		return errors.Join(err, attack(path, "in place"), changedInput)
	}
	r, err := b.Run("name: x\nstages:\n  a: {uses: test/text, with: {text: a}}\n  bad: {uses: test/program, needs: {a: a}}\n")
	if err == nil || r.Of("a").Status != run.WasMade || r.Failed != 1 {
		t.Errorf("%v, %+v", err, r)
	}
	if _, err := r.Of("a").Artifact.Path("text"); err != nil {
		t.Error(err)
	}
	if took := b.Took(); !slices.Equal(took, []string{"a", "a", "bad"}) {
		t.Errorf("ran %s", took)
	}
}

// An input that changes while a cell runs, although no cell of the run has changed it, is no reason
// to fail. It is made again, and so is the cell. A second time is one.
func TestInputThatAnotherProcessChangesIsMadeAgain(t *testing.T) {
	for _, times := range []int{1, 2} {
		b := pipelinetest.New(t)
		runs := &counter{}
		b.During = func(_ context.Context, c *pipeline.Cell) error {
			n := runs.begin(c.ID)
			if c.ID != "b" {
				return nil
			}
			path, err := inputOf(c)
			if n <= times {
				err = errors.Join(err, attack(path, "by a rename"))
			}
			return err
		}
		var notes []string
		b.Running.OnEvent = func(e run.Event) {
			if n, ok := e.(run.CellNote); ok {
				notes = append(notes, fmt.Sprintf("%s: %s", n.Node.ID, n.Text))
			}
		}
		r, err := b.Run(pipelinetest.Chain)
		if (err == nil) != (times == 1) || runs.runs["b"] != 2 || runs.runs["a"] != 2 {
			t.Errorf("%d times: %v, runs %v", times, err, runs.runs)
		}
		if want := []string{"b: its input text changed while it ran; it runs once more, apart from other cells with this input"}; !slices.Equal(notes, want) {
			t.Errorf("notes %q, want %q", notes, want)
		}
		if times == 1 {
			wantRest(t, b, pipelinetest.Chain, r)
		}
	}
}
