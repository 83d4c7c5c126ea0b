// Package pipelinetest holds shared helpers for the tests of the packages below pipeline: fake
// kinds that record their runs (Lab), a lab with a store and an executor (Bench), a store in memory
// that can be made to fail (Store), and an executor that serializes every task (Executor).
package pipelinetest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"foil/pipeline"
	"foil/spec"
)

// A Lab holds kinds for tests and records their runs.
type Lab struct {
	Version int // added to the version of the kinds

	// During is called by every cell before it writes its output. Nil: no call.
	During func(ctx context.Context, cell *pipeline.Cell) error

	// Sources are the sources of test/source. Nil: none.
	Sources func(p *TextParams) ([]pipeline.Source, error)

	// Change changes the kinds. Nil: no change.
	Change func(kinds []pipeline.Kind)

	mu   sync.Mutex
	runs []string
}

// TextParams are the parameters of all kinds except test/plain and test/any.
type TextParams struct {
	Text  string     `yaml:"text" doc:"what is written"`
	N     int        `yaml:"n" doc:"a number" min:"0"`
	Value spec.Value `yaml:"value" doc:"any value"`
	Mod   int        `yaml:"mod" doc:"if given, the output is a hash of all that is read, modulo this" min:"0"`
	Quiet bool       `yaml:"quiet" doc:"changes nothing" key:"-"`
}

// anyParams are the parameters of test/any.
type anyParams struct {
	Type string `yaml:"type" doc:"of the output" oneof:"text,number"`
}

// Kinds are test/text, which writes its parameters and inputs, and variations of it. test/text is
// the first.
func (l *Lab) Kinds() []pipeline.Kind {
	const anyName = "*"
	text := pipeline.Kind{
		Name: "test/text", Version: 1 + l.Version, Output: "text",
		Inputs: []pipeline.Port{
			{Name: "a", Type: "text", Optional: true},
			{Name: "b", Type: "text", Optional: true},
			{Name: "c", Type: "text", Optional: true},
			{Name: anyName, Type: "text", Optional: true, Gathered: true},
		},
		Params: func() any { return &TextParams{} },
		Run:    l.run,
	}
	draws, numeric, source, number, gather, plain := text, text, text, text, text, text
	draws.Name, draws.Draws = "test/draws", true
	numeric.Name, numeric.Numeric = "test/numeric", true
	number.Name, number.Output = "test/number", "number"
	source.Name = "test/source"
	source.Sources = func(_ context.Context, _ *pipeline.Env, p any) ([]pipeline.Source, error) {
		if l.Sources == nil {
			return nil, nil
		}
		return l.Sources(p.(*TextParams))
	}
	gather.Name, gather.Inputs = "test/gather", []pipeline.Port{{Name: anyName, Type: "text", Gathered: true}, {Name: "extra", Type: "number", Optional: true}}
	plain.Name, plain.Params, plain.Inputs = "test/plain", nil, []pipeline.Port{{Name: "text", Type: "text"}, {Name: "all", Type: "text", Gathered: true, Optional: true}}
	open := pipeline.Kind{
		Name: "test/any", Version: 1, Output: "text", OutputParam: "type",
		Inputs: []pipeline.Port{{Name: anyName}, {Name: anyName, Gathered: true, Optional: true}},
		Params: func() any { return &anyParams{Type: "text"} },
		Run:    l.run,
	}
	kinds := []pipeline.Kind{text, draws, numeric, number, source, gather, plain, open}
	if l.Change != nil {
		l.Change(kinds)
	}
	return kinds
}

func (l *Lab) run(ctx context.Context, cell *pipeline.Cell) error {
	l.mu.Lock()
	l.runs = append(l.runs, cell.ID)
	l.mu.Unlock()
	if l.During != nil {
		if err := l.During(ctx, cell); err != nil {
			return err
		}
	}
	p, _ := cell.Params.(*TextParams)
	if p == nil {
		p = &TextParams{}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %s %d %s\n", p.Text, p.N, p.Value, cell.Seed, cell.Backend)
	for _, name := range slices.Sorted(maps.Keys(cell.Inputs)) {
		content, err := ReadText(cell.Inputs[name])
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s: %q\n", name, content)
	}
	for _, name := range slices.Sorted(maps.Keys(cell.Gathered)) {
		for _, g := range cell.Gathered[name] {
			content, err := ReadText(g.Artifact)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s%s: %q\n", name, pipeline.AxesText(g.Axes), content)
		}
	}
	text := b.String()
	if p.Mod > 0 {
		h := fnv.New64a()
		h.Write([]byte(text))
		text = fmt.Sprint(h.Sum64() % uint64(p.Mod))
	}
	f, err := cell.Create("text")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// ReadText reads the output of a cell.
func ReadText(a pipeline.Artifact) (string, error) {
	path, err := a.Path("text")
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	return string(b), err
}

// Runs are the IDs of the cells that ran, in the order of their starts.
func (l *Lab) Runs() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.runs)
}

// Took returns the cells that ran since its last call, sorted.
func (l *Lab) Took() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	runs := slices.Sorted(slices.Values(l.runs))
	l.runs = nil
	return runs
}
