package pipeline

import (
	"context"
	"slices"
	"strings"
	"testing"

	"foil/spec"
)

type growth struct {
	Size  int `yaml:"size" min:"1"`
	Twice int `yaml:"twice"`
}

var growthParams = &spec.Params[growth]{
	Defaults: func() growth { return growth{Size: 3} },
	Docs:     spec.Docs{"size": "how large it is", "twice": "twice the size"},
	Settle:   func(g *growth) { g.Twice = 2 * g.Size },
}

// grow is a kind that records its parameters.
func grow(got *[]growth) Kind {
	return Define(Kind{Name: "test/grow", Doc: "Grows."}, growthParams, Work[growth]{
		Run: func(_ context.Context, _ *Cell, g *growth) error {
			*got = append(*got, *g)
			return nil
		},
		CheckInputs: func(g *growth, inputs []Input, report spec.Reporter) {
			report("size", "%d is checked beside %d inputs", g.Size, len(inputs))
		},
		Sources: func(_ context.Context, _ *Env, g *growth) ([]Source, error) {
			return []Source{{Name: strings.Repeat("x", g.Size)}}, nil
		},
	})
}

func TestDefinedKindIsGivenItsParameters(t *testing.T) {
	var got []growth
	k := grow(&got)
	p, err := k.Decode(spec.Value{Type: spec.Map, Map: []spec.Field{{Name: "size", Value: spec.Value{Type: spec.Int, Int: 5}}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "size = 5\ntwice = 10\n"; p.Canonical != want {
		t.Errorf("got %q, want %q", p.Canonical, want)
	}
	if err := k.Run(t.Context(), &Cell{}, p.Values); err != nil || !slices.Equal(got, []growth{{5, 10}}) {
		t.Errorf("ran with %v, %v", got, err)
	}
	var reported string
	k.CheckInputs(p.Values, nil, spec.ReportTo(func(path, message string) { reported = path + ": " + message }))
	sources, err := k.Sources(t.Context(), nil, p.Values)
	if reported != "size: 5 is checked beside 0 inputs" || err != nil || len(sources) != 1 || sources[0].Name != "xxxxx" {
		t.Errorf("reported %q, sources %v, %v", reported, sources, err)
	}
	if fields := k.Fields(); len(fields) != 2 || fields[0].Default != "3" || len(k.Problems()) > 0 {
		t.Errorf("%+v, %v", fields, k.Problems())
	}
}

func TestDefinedKindRefusesParametersOfAnotherOne(t *testing.T) {
	var got []growth
	k := grow(&got)
	for _, params := range []any{nil, growth{}, &None{}} {
		if err := k.Run(t.Context(), &Cell{}, params); err == nil || !strings.Contains(err.Error(), "takes parameters of type *pipeline.growth, not ") {
			t.Errorf("%T: %v", params, err)
		}
	}
}

func TestKindWithoutParametersTakesNone(t *testing.T) {
	ran := false
	k := Define(Kind{Name: "test/plain", Doc: "Runs."}, NoParams, Work[None]{
		Run: func(context.Context, *Cell, *None) error { ran = true; return nil },
	})
	p, err := k.Decode(spec.Value{})
	if err != nil || p.Canonical != "" || k.Fields() != nil {
		t.Errorf("%+v, %v", p, err)
	}
	if err := k.Run(t.Context(), &Cell{}, p.Values); err != nil || !ran {
		t.Errorf("ran %v, %v", ran, err)
	}
	_, err = k.Decode(spec.Value{Type: spec.Map, Map: []spec.Field{{Name: "size"}}})
	if err == nil || err.Error() != "test/plain takes no parameters" {
		t.Error(err)
	}
}

func TestProblemsOfAKind(t *testing.T) {
	k := Define(Kind{Name: "test/bare", Inputs: []Port{{Name: "a"}}, Files: []FileDoc{{Name: "f"}}}, &spec.Params[growth]{},
		Work[growth]{Run: func(context.Context, *Cell, *growth) error { return nil }})
	want := []string{
		"the kind has no documentation",
		`input "a" has no documentation`,
		`file "f" has no documentation`,
		`pipeline.growth: parameter "size" has no documentation`,
		`pipeline.growth: parameter "twice" has no documentation`,
	}
	if got := k.Problems(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
