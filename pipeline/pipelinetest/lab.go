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

	// Sources are those of test/source. Nil: it has none.
	Sources func(env *pipeline.Env) ([]pipeline.Source, error)

	// Empty says that cells write no output.
	Empty bool

	mu   sync.Mutex
	runs []string
}

// textParams are the parameters of all kinds but test/plain and test/any.
type textParams struct {
	Text  string     `yaml:"text"`
	N     int        `yaml:"n" min:"0"`
	Value spec.Value `yaml:"value"`
	Mod   int        `yaml:"mod" min:"0"`
	Quiet bool       `yaml:"quiet" key:"-"`
}

var describedText = &spec.Params[textParams]{Docs: spec.Docs{
	"text":  "what is written",
	"n":     "a number",
	"value": "any value",
	"mod":   "if given, the output is a hash of all that is read, modulo this",
	"quiet": "changes nothing",
}}

// anyParams are those of test/any.
type anyParams struct {
	Type string `yaml:"type" oneof:"text,number"`
}

var describedAny = &spec.Params[anyParams]{
	Defaults: func() anyParams { return anyParams{Type: "text"} },
	Docs:     spec.Docs{"type": "of the output"},
}

// Kinds are test/text, which writes its parameters and inputs, and variations of it. test/text is
// the first. The time of test/timed is in proportion to n and to the size of its input a, and cells
// with another value cannot be compared.
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
	}
	draws, numeric, source, number, program, gather, plain, timed := text, text, text, text, text, text, text, text
	timed.Name, timed.Cost = "test/timed", pipeline.Cost{Times: []string{"n", "a/text"}, Like: []string{"value"}}
	draws.Name, draws.Draws = "test/draws", true
	numeric.Name, numeric.Numeric = "test/numeric", true
	number.Name, number.Output = "test/number", "number"
	source.Name = "test/source"
	program.Name, program.RunsProgram = "test/program", true
	gather.Name, gather.Inputs = "test/gather", []pipeline.Port{{Name: anyName, Type: "text", Gathered: true}, {Name: "extra", Type: "number", Optional: true}}
	plain.Name, plain.Inputs = "test/plain", []pipeline.Port{{Name: "text", Type: "text"}, {Name: "all", Type: "text", Gathered: true, Optional: true}}
	open := pipeline.Kind{
		Name: "test/any", Version: 1, Output: "text", OutputParam: "type",
		Inputs: []pipeline.Port{{Name: anyName}, {Name: anyName, Gathered: true, Optional: true}},
	}
	kinds := []pipeline.Kind{text, draws, numeric, number, source, program, gather, timed}
	for i, k := range kinds {
		work := pipeline.Work[textParams]{Run: l.run}
		if k.Name == source.Name {
			work.Sources = l.sources
		}
		kinds[i] = pipeline.Define(k, describedText, work)
	}
	return append(kinds, pipeline.Define(plain, pipeline.NoParams, pipeline.Work[pipeline.None]{
		Run: func(ctx context.Context, cell *pipeline.Cell, _ *pipeline.None) error {
			return l.run(ctx, cell, &textParams{})
		},
	}), pipeline.Define(open, describedAny, pipeline.Work[anyParams]{
		Run: func(ctx context.Context, cell *pipeline.Cell, _ *anyParams) error {
			return l.run(ctx, cell, &textParams{})
		},
	}))
}

func (l *Lab) sources(_ context.Context, env *pipeline.Env, _ *textParams) ([]pipeline.Source, error) {
	if l.Sources == nil {
		return nil, nil
	}
	return l.Sources(env)
}

func (l *Lab) run(ctx context.Context, cell *pipeline.Cell, p *textParams) error {
	l.mu.Lock()
	l.runs = append(l.runs, cell.ID)
	l.mu.Unlock()
	if l.During != nil {
		if err := l.During(ctx, cell); err != nil {
			return err
		}
	}
	if l.Empty {
		return nil
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
