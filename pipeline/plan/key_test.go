package plan_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/plan"
)

// The text and the key of one cell, so that changing either is never an
// accident: every result in every cache would be made again.
func TestKeyIsPinned(t *testing.T) {
	b := pipelinetest.New(t)
	b.Sources = func(*pipeline.Env) ([]pipeline.Source, error) {
		return []pipeline.Source{{Name: "ml-1m.zip", Digest: digest.Of([]byte("zip")), Path: "/some/where"}}, nil
	}
	p := b.Plan(`name: pinned
seed: 42
stages:
  numbers: {uses: test/source, with: {text: "two\nlines", n: 3, value: [1.0, x], quiet: true}}
`)
	const text = `foil key 1
kind "test/source" version 1
with mod = 0
with n = 3
with text = "two\nlines"
with value = [1, "x"]
source "ml-1m.zip" 4a70fe9aa6436e02c2dea340fbd1e352e4ef2d8ce6ca52ad25d4b95471fc8bf2
`
	const key = "18c7e4e110d03c24be9a54e7ca27e46b65b27eea8e99c5ecb5b1a56e5d7a01c8"
	if got := string(p.Lines(p.Cells[0]).Text()); got != text {
		t.Errorf("text\n%s", got)
	}
	if got := p.Cells[0].Key.String(); got != key {
		t.Errorf("key %s", got)
	}
}

func TestKeyOfGatheringCellNamesAxesAndContents(t *testing.T) {
	b := pipelinetest.New(t)
	src := `name: x
stages:
  one: {uses: test/text}
  p:   {uses: test/draws, matrix: {b: [x y, 2], a: [1]}, seed: 5}
  m:   {uses: test/numeric, needs: {b: one, a: p}}
  all: {uses: test/gather, gather: {p: p, one: one}}
`
	b.MustRun(src)
	p := b.Plan(src)
	byID := map[string]*plan.Cell{}
	for _, c := range p.Cells {
		byID[c.Node.ID] = c
	}
	digest := func(id string) string { return plan.ArtifactOf(byID[id].Record, nil).Digest().String() }
	want := "gather \"one\" 1\ncell [] " + digest("one") +
		"\ngather \"p\" 2\ncell [a=1,b=x y] " + digest("p[a=1,b=x y]") + "\ncell [a=1,b=2] " + digest("p[a=1,b=2]") + "\n"
	if got := string(p.Lines(byID["all"]).Text()); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	want = "backend \"go\"\nneed \"a\" " + digest("p[a=1,b=2]") + "\nneed \"b\" " + digest("one") + "\n"
	if got := string(p.Lines(byID["m[a=1,b=2]"]).Text()); !strings.HasSuffix(got, want) || strings.Contains(got, "seed") {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := string(p.Lines(byID["p[a=1,b=2]"]).Text()); !strings.HasSuffix(got, "seed 5\n") {
		t.Errorf("got\n%s", got)
	}
}

// Differences of specs and machines that do not change the work.
func TestSameWorkHits(t *testing.T) {
	const src = `name: x
seed: 1
stages:
  a: {uses: test/text, with: {text: abc, n: 2}}
  b: {uses: test/text, needs: {a: a}, matrix: {fold: [0, 1]}, with: {n: "${matrix.fold}"}}
  c: {uses: test/gather, gather: {cells: b}}
`
	for name, changed := range map[string]string{
		"renamed stage":    strings.NewReplacer("  a:", "  first:", "a: a", "a: first").Replace(src),
		"another name":     strings.Replace(src, "name: x", "name: y\ntitle: Y", 1),
		"order of fields":  strings.Replace(src, "text: abc, n: 2", "n: 2, text: abc", 1),
		"order of stages":  "name: x\nseed: 1\nstages:\n  c: {uses: test/gather, gather: {cells: b}}\n" + src[strings.Index(src, "  a:"):strings.Index(src, "  c:")],
		"default spelled":  strings.Replace(src, "n: 2}", "n: 2, mod: 0}", 1),
		"number spelled":   strings.Replace(src, "n: 2", "n: 0x2", 1),
		"not in the key":   strings.Replace(src, "n: 2}", "n: 2, quiet: true}", 1),
		"seed of no use":   strings.Replace(src, "seed: 1", "seed: 2", 1),
		"quotes, comments": strings.Replace(src, "abc, n: 2}}", `"abc", n: 2}} # as before`, 1),
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			b := pipelinetest.New(t)
			b.WantRan(src, "a", "b[fold=0]", "b[fold=1]", "c")
			b.Planned.Numeric.Backend = "xla:cpu" // no kind here is numeric
			b.WantRan(changed)
		})
	}
}

func TestMovedAndTouchedCacheHits(t *testing.T) {
	b := pipelinetest.New(t)
	b.MustRun(pipelinetest.Paper)
	moved := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.CopyFS(moved, os.DirFS(b.Dir)); err != nil { // with new times
		t.Fatal(err)
	}
	b.Dir = moved
	b.WantRan(pipelinetest.Paper)
}

func TestChangedWorkMisses(t *testing.T) {
	const src = `name: x
seed: 1
stages:
  a: {uses: test/draws, with: {text: abc}}
  b: {uses: test/numeric, needs: {a: a}}
  c: {uses: test/gather, gather: {cells: b}}
`
	for name, test := range map[string]struct {
		change func(b *pipelinetest.Bench) string
		want   string
	}{
		"parameter":   {func(*pipelinetest.Bench) string { return strings.Replace(src, "abc", "abd", 1) }, "a b c"},
		"seed":        {func(*pipelinetest.Bench) string { return strings.Replace(src, "seed: 1", "seed: 2", 1) }, "a b c"},
		"backend":     {func(b *pipelinetest.Bench) string { b.Planned.Numeric.Backend = "xla:cpu"; return src }, "b c"},
		"version":     {func(b *pipelinetest.Bench) string { b.Version = 1; return src }, "a b c"},
		"gather name": {func(*pipelinetest.Bench) string { return strings.Replace(src, "cells:", "rows:", 1) }, "c"},
		"new axis": {func(*pipelinetest.Bench) string {
			return strings.Replace(src, "needs: {a: a}", "needs: {a: a}, matrix: {x: [0]}", 1)
		}, "c"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			b := pipelinetest.New(t)
			b.WantRan(src, "a", "b", "c")
			ran, _ := b.MustRun(test.change(b))
			if got := strings.Join(ran, " "); got != test.want {
				t.Errorf("ran %s, want %s", got, test.want)
			}
		})
	}
}

// Key lines read back unchanged, and no two lines have the same part and name.
func TestEveryLineOfAKeyIsRead(t *testing.T) {
	b := pipelinetest.New(t)
	for _, src := range []string{pipelinetest.Paper, pipelinetest.Every} {
		b.MustRun(src)
		p := b.Plan(src)
		for _, c := range p.Cells {
			lines := p.Lines(c)
			read, err := lines.Text().Lines()
			if err != nil || !slices.Equal(read, lines) {
				t.Errorf("%s: %v, read\n%v\nof\n%v", c.Node.ID, err, read, lines)
			}
			seen := map[digest.KeyLine]bool{}
			for _, l := range read {
				id := digest.KeyLine{Part: l.Part, Name: l.Name}
				if seen[id] {
					t.Errorf("%s: two lines are about %s %s", c.Node.ID, l.Part, l.Name)
				}
				seen[id] = true
				if l.Value == "" {
					t.Errorf("%s: %s %s has no value", c.Node.ID, l.Part, l.Name)
				}
			}
		}
	}
}

// A kind may name libraries that compute its numbers, beside those of the backend.
func TestLibrariesOfAKindAreInItsKey(t *testing.T) {
	b := pipelinetest.New(t)
	node := *b.Graph("name: x\nstages:\n  a: {uses: test/text}\n").Nodes[0]
	with := plan.Numeric{Backend: "go", Library: "gomlx v1"}
	for _, c := range []struct {
		numeric   bool
		libraries []string
		want      string
	}{
		{false, nil, ""},
		{false, []string{"gonum v1"}, "library \"gonum v1\"\n"},
		{false, []string{"gonum v2", "fft v1"}, "library \"gonum v2, fft v1\"\n"},
		{true, nil, "backend \"go\"\nlibrary \"gomlx v1\"\n"},
		{true, []string{"gonum v1"}, "backend \"go\"\nlibrary \"gomlx v1, gonum v1\"\n"},
	} {
		kind := *node.Kind
		kind.Numeric, kind.Libraries = c.numeric, c.libraries
		node.Kind = &kind
		lines := string(plan.KeyLines(&node, with, nil, nil).Text())
		_, after, _ := strings.Cut(lines, "version 1\n")
		got := ""
		for line := range strings.Lines(after) {
			if !strings.HasPrefix(line, "with ") {
				got += line
			}
		}
		if got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}
