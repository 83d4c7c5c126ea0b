package spec

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// addExamples gives a fuzz test the files of testdata and the design page's spec.
func addExamples(f *testing.F, add func(src string)) {
	add(advx)
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no examples", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(string(src))
	}
}

// checkErrors checks the promise about errors: they are Errors, sorted, one per line, with
// positions inside their texts.
func checkErrors(t *testing.T, err error, texts map[string]string) {
	t.Helper()
	all, ok := err.(Errors)
	if !ok || len(all) == 0 {
		t.Fatalf("%T is not Errors, or empty: %v", err, err)
	}
	for i, e := range all {
		text, ok := texts[e.Pos.File]
		if !ok {
			t.Fatalf("%v: in an unknown text %q", e, e.Pos.File)
		}
		lines := splitLines(strings.TrimPrefix(text, "\ufeff"))
		if e.Pos.Line < 1 || e.Pos.Line > len(lines) {
			t.Fatalf("%v: there are %d lines", e, len(lines))
		}
		if c := e.Pos.Column; c < 1 || c > utf8.RuneCountInString(lines[e.Pos.Line-1])+1 {
			t.Fatalf("%v: outside of the line %q", e, lines[e.Pos.Line-1])
		}
		if strings.ContainsFunc(e.Msg, func(r rune) bool { return r < ' ' && r != '\t' }) || e.Msg == "" {
			t.Fatalf("message %q", e.Msg)
		}
		if i > 0 && *all[i-1] == *e {
			t.Fatalf("%v is there twice", e)
		}
	}
	_ = err.Error()
}

// checkSpec checks the promises of a Spec.
func checkSpec(t *testing.T, s *Spec) {
	t.Helper()
	if !namePattern.MatchString(s.Name) || s.Seed < 0 || s.Vars.Type != Map || len(s.Stages) == 0 {
		t.Fatalf("%+v", s)
	}
	stages := map[string]bool{}
	for _, stage := range s.Stages {
		stages[stage.Name] = true
	}
	if len(stages) != len(s.Stages) {
		t.Fatal("two stages have one name")
	}
	for _, stage := range s.Stages {
		if !namePattern.MatchString(stage.Name) || stage.Uses == "" || stage.With.Type != Map || stage.With.Incomplete() {
			t.Fatalf("%+v", stage)
		}
		for _, n := range stage.inputs() {
			if !stages[n.Stage] || n.Stage == stage.Name {
				t.Fatalf("%s needs %q", stage.Name, n.Stage)
			}
		}
		axes := map[string]Value{}
		for _, a := range stage.Matrix {
			if len(a.Values) == 0 {
				t.Fatalf("axis %s is empty", a.Name)
			}
			axes[a.Name] = a.Values[0]
		}
		if with, err := stage.With.Resolve(axes); err == nil {
			checkReadsBack(t, with)
		}
	}
}

// checkReadsBack checks that the text of a value reads back as an equal value.
func checkReadsBack(t *testing.T, v Value) {
	t.Helper()
	text := v.String()
	if again := parseValue(t, text); !again.Equal(v) {
		t.Fatalf("%s is read back as %s", text, again)
	}
}

func FuzzParse(f *testing.F) {
	addExamples(f, func(src string) { f.Add(src) })
	base, err := os.ReadFile("testdata/extend/base.yaml")
	if err != nil {
		f.Fatal(err)
	}
	open := func(name string) ([]byte, error) {
		if strings.Contains(name, "base") {
			return base, nil
		}
		return nil, errors.New("no such file")
	}
	f.Fuzz(func(t *testing.T, src string) {
		s, err := Parse("fuzz.yaml", []byte(src), Options{Open: open})
		if err == nil {
			checkSpec(t, s)
			return
		}
		if all, ok := err.(Errors); ok && strings.Contains(src, "base") {
			for _, e := range all {
				if e.Pos.File != "fuzz.yaml" {
					return // in the extended spec, by whatever name
				}
			}
		}
		checkErrors(t, err, map[string]string{"fuzz.yaml": src})
	})
}

func FuzzSet(f *testing.F) {
	src, err := os.ReadFile("testdata/errors/set.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, set := range append(setsIn(string(src)),
		"vars.lambda=[0,400]", "stages.model.with.epochs=5", "stages.model.matrix.gender=[0]", "seed=7",
		"stages.model.with.adversaries[0].lambda=3", "stages.model.with.a.b={c: ${vars.lambda}}", "title=é\n", "a\n.b=[\n") {
		f.Add(set)
	}
	f.Fuzz(func(t *testing.T, set string) {
		s, err := Parse("fuzz.yaml", src, Options{Sets: []string{set}})
		if err == nil {
			checkSpec(t, s)
			return
		}
		file, _, _ := cutLine("--set " + set)
		checkErrors(t, err, map[string]string{"fuzz.yaml": string(src), file: set})
	})
}

func FuzzDecode(f *testing.F) {
	for _, src := range []string{
		"attribute: x", "{attribute: gender, rate: 1, k: [20, 50], names: [], limit: 3, small: 255}",
		"{attribute: x, raw: {any: [1, x]}, where: {lambda: 400}, labels: {a: b}}",
		"{attribute: x, adversaries: [{attribute: gender}, {attribute: age, lambda: 3, layers: [7]}], probe: {epochs: 3}}",
		"{attribute: x, holdout: 1e300, epochs: 5.0, verbose: yes, limit: null}", "5", "[]",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		tree := &problems{sources: sources{}}
		v, ok := parseTree(tree, "fuzz.yaml", src)
		if !ok || tree.err() != nil {
			return
		}
		p, err := testParams.Decode(v)
		if err != nil {
			checkErrors(t, err, map[string]string{"fuzz.yaml": src})
			return
		}
		// Written out and read again, parameters have the same meaning.
		out := encode(reflect.ValueOf(p), false)
		again, err := testParams.Decode(out)
		if err != nil {
			t.Fatalf("%v is not read back: %v", out, err)
		}
		if Canonical(p) != Canonical(again) {
			t.Fatalf("%s\nis read back as\n%s", Canonical(p), Canonical(again))
		}
	})
}
