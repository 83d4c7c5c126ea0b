package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestPortsTakeSeveralTypes(t *testing.T) {
	b := newBench(t)
	kinds := b.kinds()
	for i := range kinds {
		if kinds[i].Name == "test/plain" {
			kinds[i].Inputs = []Port{{Name: "text", Type: "text", Or: []Type{"word"}}}
		}
	}
	build := func(stages string) error {
		_, err := Build(b.parse("name: x\nstages:\n  one: {uses: test/text}\n  num: {uses: test/number}\n"+stages), kinds)
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
		port Port
		of   Type
		want bool
	}{
		{Port{}, "text", true},
		{Port{Type: "text"}, "text", true},
		{Port{Type: "text"}, "word", false},
		{Port{Type: "text", Or: []Type{"word"}}, "word", true},
	} {
		if c.port.Takes(c.of) != c.want {
			t.Errorf("%+v takes %q: %v", c.port, c.of, !c.want)
		}
	}
}

// TestCellsFindKinds looks for kinds from a cell that runs here, and from one that runs as a
// task.
func TestCellsFindKinds(t *testing.T) {
	for name, spawned := range map[string]bool{"here": false, "in a process": true} {
		b := newBench(t)
		if spawned {
			b.opts.Spawn = (&spawner{kinds: b.kinds()}).spawn
		}
		b.during = func(_ context.Context, c *Cell) error {
			if k := c.Kind("test/number"); k == nil || k.Name != "test/number" {
				return errors.New("test/number is not found")
			}
			if c.Kind("test/none") != nil {
				return errors.New("a kind is found that does not exist")
			}
			return nil
		}
		if _, err := b.plan("name: x\nstages:\n  a: {uses: test/text}\n").Execute(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
