package graph_test

import (
	"strings"
	"testing"

	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/pipelinetest"
)

func TestPortsTakeSeveralTypes(t *testing.T) {
	b := pipelinetest.New(t)
	kinds := b.Kinds()
	for i := range kinds {
		if kinds[i].Name == "test/plain" {
			kinds[i].Inputs = []pipeline.Port{{Name: "text", Type: "text", Or: []pipeline.Type{"word"}}}
		}
	}
	build := func(stages string) error {
		_, err := graph.Build(b.Parse("name: x\nstages:\n  one: {uses: test/text}\n  num: {uses: test/number}\n"+stages), kinds)
		return err
	}
	if err := build("  s: {uses: test/plain, needs: {text: one}}\n"); err != nil {
		t.Error(err)
	}
	for stages, want := range map[string]string{
		"  s: {uses: test/plain, needs: {text: num}}\n": `input "text" of test/plain takes text or word, and stage "num" (test/number) makes number`,
		"  s: {uses: test/plain}\n":                     `write needs: {text: STAGE} (one and s make text or word)`,
	} {
		if err := build(stages); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	for _, c := range []struct {
		port pipeline.Port
		of   pipeline.Type
		want bool
	}{
		{pipeline.Port{}, "text", true},
		{pipeline.Port{Type: "text"}, "text", true},
		{pipeline.Port{Type: "text"}, "word", false},
		{pipeline.Port{Type: "text", Or: []pipeline.Type{"word"}}, "word", true},
	} {
		if c.port.Takes(c.of) != c.want {
			t.Errorf("%+v takes %q: %v", c.port, c.of, !c.want)
		}
	}
}
