package spec

import (
	"strings"
	"testing"
)

// matrix holds the axes of the cell in these tests.
var matrix = map[string]Value{
	"age":  {Type: Int, Int: 200},
	"name": {Type: String, Str: "${x}$"},
}

func TestExpressionsKeepTypes(t *testing.T) {
	vars := `{n: 5, f: 0.5, t: text, b: true, nil: null, list: [1, [2, 3]], map: {a: {b: [7]}}, again: "${vars.map}", s: "${seed}",
  dollar: $, brace: "{matrix.age}", esc: "$${vars.n}"}`
	tests := []struct{ expr, want string }{
		{"${vars.n}", "5"},
		{"${ vars.n }", "5"},
		{"${vars.f}", "0.5"},
		{"${vars.t}", "text"},
		{"${vars.b}", "true"},
		{"${vars.nil}", "null"},
		{"${vars.list}", "[1, [2, 3]]"},
		{"${vars.list[1][0]}", "2"},
		{"${vars.map.a}", "{b: [7]}"},
		{"${vars.again.a.b[0]}", "7"},
		{"${seed}", "7"},
		{"${vars.s}", "7"},
		{"${matrix.age}", "200"},
		{"${vars.n}-${vars.f}-${vars.t}-${vars.b}", "5-0.5-text-true"},
		{"age ${matrix.age}", "age 200"},
		{" ${vars.n}", `" 5"`},

		// Before a brace, $$ is one dollar.
		{"$${vars.n}", `"${vars.n}"`},
		{"$$${vars.n}", `"$5"`},
		{"$$$${vars.n}", `"$${vars.n}"`},
		{"$ $$ {} $x", `"$ $$ {} $x"`},
		{"${vars.esc}", `"${vars.n}"`},
		{"$${matrix.age}", `"${matrix.age}"`},
		{"${vars.esc} ${matrix.age}", `"${vars.n} 200"`},
		{"${vars.dollar}${matrix.age}", `"$200"`},
		{"${vars.dollar}${vars.brace}", `"${matrix.age}"`},
		{"${matrix.name}${matrix.age}", `"${x}$200"`},
	}
	for _, tt := range tests {
		s := mustParse(t, one(vars, "{x: '"+tt.expr+"', in: ['"+tt.expr+"']}"))
		with, err := s.Stages[0].With.Resolve(matrix)
		if err != nil {
			t.Errorf("%s: %v", tt.expr, err)
			continue
		}
		if got, want := with.String(), "{x: "+tt.want+", in: ["+tt.want+"]}"; got != want {
			t.Errorf("%s is %s, want %s", tt.expr, got, want)
		}
	}
}

func TestExpressionsStandForWholeMaps(t *testing.T) {
	s := mustParse(t, `name: x
vars: {kind: x, grid: {a: [1, 2]}, inputs: {data: b}, common: {epochs: 5}, seed: 3}
title: ${vars.kind}-${seed}
stages:
  a: {uses: "load/${vars.kind}", matrix: "${vars.grid}", needs: "${vars.inputs}", with: "${vars.common}", seed: "${vars.seed}"}
  b: {uses: load/x, seed: "${matrix.rep}"}
`)
	a := s.Stages[0]
	if s.Title != "x-0" || a.Uses != "load/x" || len(a.Matrix[0].Values) != 2 || a.Needs[0].Stage != "b" || a.Seed.Int != 3 {
		t.Errorf("%+v", a)
	}
	if a.With.String() != "{epochs: 5}" {
		t.Errorf("with is %v", a.With)
	}
	seed, err := s.Stages[1].Seed.Resolve(map[string]Value{"rep": {Type: Int, Int: 9}})
	if err != nil || seed.Int != 9 {
		t.Errorf("seed %v, %v", seed, err)
	}
}

func TestResolveNamesTheNearestAxis(t *testing.T) {
	s := mustParse(t, one("{}", `{a: {b: ["${matrix.agee}", "x ${matrix.fold}"]}}`))
	_, err := s.Stages[0].With.Resolve(matrix)
	all, ok := err.(Errors)
	if !ok || len(all) != 2 {
		t.Fatalf("%v, want two errors", err)
	}
	if want := `test.yaml:7:20: ${matrix.agee}: no axis "agee" here; did you mean "age"?`; all[0].Error() != want {
		t.Errorf("got %v, want %s", all[0], want)
	}
	if want := `test.yaml:7:38: ${matrix.fold}: no axis "fold" here; there are age and name`; all[1].Error() != want {
		t.Errorf("got %v, want %s", all[1], want)
	}
}

// split and join must return any text with quotes and dollars unchanged.
func FuzzExpressions(f *testing.F) {
	for _, s := range []string{"", "a", "$", "${vars.a}", "$${a}", "$$${seed}$", "x${matrix.y}{", "${", "$$$${"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if parts, errs := splitExpressions(escape(s, false)); len(errs) != 0 || joinParts(parts, false) != s {
			t.Errorf("%q escaped is read as %q, %v", s, joinParts(parts, false), errs)
		}
		parts, errs := splitExpressions(s)
		if len(errs) > 0 {
			return
		}
		again, errs := splitExpressions(joinParts(parts, true))
		if len(errs) != 0 || joinParts(again, true) != joinParts(parts, true) || len(again) != len(parts) {
			t.Errorf("%q: joined %q, and again %q, %v", s, joinParts(parts, true), joinParts(again, true), errs)
		}
		if !strings.Contains(s, "${") && joinParts(parts, false) != s {
			t.Errorf("%q without expressions is read as %q", s, joinParts(parts, false))
		}
	})
}
