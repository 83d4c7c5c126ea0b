package spec

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// advx is the example of the design page.
const advx = `# yaml-language-server: $schema=../spec/schema.json
name: advx-ml-1m
title: Unlearning gender and age on MovieLens 1M
cites: arXiv:2410.20965
seed: 42
vars:
  lambda: [0, 1, 200, 400, 600, 800]
stages:
  ratings:  {uses: load/movielens-1m, with: {min_rating: 4}}
  core:     {uses: filter/k-core, needs: {interactions: ratings}, with: {users: 5, items: 5}}
  fold:     {uses: split/user-kfold, needs: {interactions: core}, matrix: {fold: [0, 1, 2, 3, 4]},
             with: {folds: 5, fold: "${matrix.fold}", holdout: 0.8}}
  model:
    uses: train/advx-multvae
    needs: {data: fold}
    matrix: {gender: "${vars.lambda}", age: "${vars.lambda}"}
    with:
      epochs: 200
      adversaries:
        - {attribute: gender, lambda: "${matrix.gender}"}
        - {attribute: age, lambda: "${matrix.age}"}
  privacy:  {uses: attack/latent-probe, needs: {model: model, data: fold}}
  utility:  {uses: evaluate/ranking, needs: {model: model, data: fold}, with: {k: [10, 20, 50]}}
  table:    {uses: report/table, gather: {utility: utility, privacy: privacy}}
`

func mustParse(t *testing.T, src string, sets ...string) *Spec {
	t.Helper()
	s, err := Parse("test.yaml", []byte(src), Options{Sets: sets})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Spec) stage(name string) *Stage {
	for _, stage := range s.Stages {
		if stage.Name == name {
			return stage
		}
	}
	return nil
}

// one is a spec whose only stage has the parameters given in flow style.
func one(vars, with string) string {
	return "name: one\nseed: 7\nvars: " + vars + "\nstages:\n  a:\n    uses: load/x\n    with: " + with + "\n"
}

func TestDesignExampleParses(t *testing.T) {
	s := mustParse(t, advx)
	if s.Name != "advx-ml-1m" || s.Seed != 42 || s.Cites != "arXiv:2410.20965" || s.File != "test.yaml" {
		t.Errorf("head: %+v", s)
	}
	var order []string
	for _, stage := range s.Stages {
		order = append(order, stage.Name)
	}
	if got, want := strings.Join(order, " "), "ratings core fold model privacy utility table"; got != want {
		t.Errorf("stages %s, want the order of the file: %s", got, want)
	}
	model := s.stage("model")
	if model.Uses != "train/advx-multvae" || model.Pos != (Pos{"test.yaml", 13, 3}) || model.UsesPos != (Pos{"test.yaml", 14, 11}) {
		t.Errorf("model: %+v", model)
	}
	if len(model.Matrix) != 2 || model.Matrix[0].Name != "gender" || len(model.Matrix[1].Values) != 6 {
		t.Errorf("matrix: %+v", model.Matrix)
	}
	if got, want := model.With.String(), `{epochs: 200, adversaries: [{attribute: gender, lambda: "${matrix.gender}"}, {attribute: age, lambda: "${matrix.age}"}]}`; got != want {
		t.Errorf("with is\n%s, want\n%s", got, want)
	}
	need := model.Needs[0]
	if need.Name != "data" || need.Stage != "fold" || need.Pos != (Pos{"test.yaml", 15, 13}) || need.StagePos != (Pos{"test.yaml", 15, 19}) {
		t.Errorf("need: %+v", need)
	}
	if gather := s.stage("table").Gather; len(gather) != 2 || gather[0].Stage != "utility" {
		t.Errorf("gather: %+v", gather)
	}
	if w := s.stage("table").With; w.Type != Map || len(w.Map) != 0 {
		t.Errorf("with that is not given: %v, want an empty map", w)
	}
}

func TestNothingBehindColonIsAnEmptyMap(t *testing.T) {
	s := mustParse(t, "name: x\nvars:\nstages:\n  a:\n    uses: load/x\n    with:\n    needs:\n    matrix:\n    seed:\n")
	if a := s.Stages[0]; a.With.Type != Map || a.Needs != nil || a.Matrix != nil || a.Seed != nil {
		t.Errorf("%+v", a)
	}
}

func TestScalarsReadLikeYAML12(t *testing.T) {
	tests := []struct{ yaml, want string }{
		{"yes", `"yes"`}, {"off", `"off"`}, {"2020-01-02", `"2020-01-02"`}, {"1:30", `"1:30"`},
		{`"5"`, `"5"`}, {"!!str 5", `"5"`}, {"5", "5"}, {"+5", "5"}, {"-0x1F", "-31"}, {"0o17", "15"},
		{"5.0", "5"}, {"-0.0", "0"}, {".5", "0.5"}, {"1e3", "1000"}, {"1e-7", "1e-07"},
		{"True", "true"}, {"~", "null"}, {"", "null"}, {"&a [1, *zero]", "[1, 0]"},
		{"{<<: {a: 1, b: 2}, b: 3}", "{b: 3, a: 1}"}, {"{<<: [{a: 1}, {a: 2, c: 3}]}", "{a: 1, c: 3}"},
	}
	for _, tt := range tests {
		s := mustParse(t, one("{zero: &zero 0}", "{x: "+tt.yaml+"}"))
		x, _ := s.Stages[0].With.Get("x")
		got := x.Canonical()
		if x.Type == String {
			got = `"` + x.Str + `"`
		}
		if got != tt.want {
			t.Errorf("%s is read as %s, want %s", tt.yaml, got, tt.want)
		}
	}
}

func TestByteOrderMarkIsNoPartOfAName(t *testing.T) {
	if s := mustParse(t, "\ufeff"+advx); s.Name != "advx-ml-1m" {
		t.Errorf("name is %q", s.Name)
	}
}

func TestErrorsAreFoundAsError(t *testing.T) {
	_, err := Parse("x.yaml", []byte("name: x\nstages: {a: {}}\n"), Options{})
	var all Errors
	var e *Error
	if !errors.As(err, &all) || !errors.As(err, &e) {
		t.Fatalf("%T", err)
	}
	if want := `x.yaml:2:13: stage "a" has no uses`; e.Error() != want {
		t.Errorf("got %q, want %q", e.Error(), want)
	}
}

func TestReportAddsSourceLines(t *testing.T) {
	s := mustParse(t, advx)
	pos := s.stage("fold").Pos
	err := s.Report(Errors{{Pos: pos, Msg: "later"}, {Pos: pos, Msg: "later"}, {Pos: s.stage("core").Pos, Msg: "earlier"}})
	want := `test.yaml:10:3: earlier
   10 |   core:     {uses: filter/k-core, needs: {interactions: ratings}, with: {users: 5, items: 5}}
      |   ^
test.yaml:11:3: later
   11 |   fold:     {uses: split/user-kfold, needs: {interactions: core}, matrix: {fold: [0, 1, 2, 3, 4]},
      |   ^`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if s.Report(nil) != nil {
		t.Error("an error without problems")
	}
}

func TestExtendLaysOneSpecOverAnother(t *testing.T) {
	src := `extend: extend/base.yaml
name: over
cites: null
stages:
  model: {with: {epochs: 5, hidden: [100], rate: null}}
  privacy: null
  extra: {uses: evaluate/ranking, needs: {model: model}}
`
	s, err := Parse("testdata/over.yaml", []byte(src), Options{Open: openIn("testdata"), Sets: []string{"vars.rate=0.2"}})
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "over" || s.Title != "The base" || s.Cites != "" {
		t.Errorf("head: %+v", s)
	}
	if len(s.Stages) != 3 || s.stage("privacy") != nil || s.stage("extra") == nil {
		t.Errorf("stages: %v", s.Stages)
	}
	model := s.stage("model")
	if got, want := model.With.String(), "{epochs: 5, hidden: [100]}"; got != want {
		t.Errorf("with is %s, want %s", got, want)
	}
	if model.UsesPos != (Pos{"testdata/extend/base.yaml", 8, 11}) {
		t.Errorf("uses stands at %v, want where it was written", model.UsesPos)
	}
	if v, _ := s.Vars.Get("rate"); v.Float != 0.2 {
		t.Errorf("--set comes after extend: rate is %v", v)
	}
}

// A file is named relative to the one that extends it, an experiment by itself.
func TestExtendNamesAreRelative(t *testing.T) {
	files := map[string]string{
		"dir/a.yaml": "extend: ../b.yaml",
		"b.yaml":     "extend: quickstart",
		"quickstart": "extend: sub/c.yaml",
	}
	var asked []string
	open := func(name string) ([]byte, error) {
		asked = append(asked, name)
		if src, ok := files[name]; ok {
			return []byte(src), nil
		}
		return []byte("name: base\nstages: {a: {uses: load/x}}\n"), nil
	}
	if _, err := Parse("top/x.yaml", []byte("extend: dir/a.yaml"), Options{Open: open}); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(asked, " "), "dir/a.yaml b.yaml quickstart sub/c.yaml"; got != want {
		t.Errorf("opened %s, want %s", got, want)
	}
}

// A text on the command line is not YAML: nothing in it is dropped.
func TestSetTakesTextsAsTheyAre(t *testing.T) {
	texts := map[string]string{`'it''s # 5'`: "it's # 5", `"a\tb"`: "a\tb", `''`: ""}
	for _, text := range []string{
		"baseline #3", "#5", "a & b", "&main", "*x", "|", ">-", "- x", "- a\n- b", "a: b", "? x", "%YAML 1.2", "@a", "`a`", "!x", "!!int 5",
		" space ", "a,b", "it's", "x [1] # y", "---", "...", "~x", "=", "1_000 x", "yes", "2020-01-02", "a\nb # c",
	} {
		texts[text] = text
	}
	for text, want := range texts {
		s := mustParse(t, one("{}", "{a: x}"), "vars={}", "stages."+mustParse(t, one("{}", "{}")).Stages[0].Name+".with.a="+text)
		if a, _ := s.Stages[0].With.Get("a"); a.Type != String || a.Str != want {
			t.Errorf("--set %q is %v, want the text %q", text, a, want)
		}
	}
}

// Where a number becomes a text, the text is the one that was written.
func TestNumbersBecomeTextsAsTheyAreWritten(t *testing.T) {
	for _, n := range []string{"1.0", "12.10", "0.00001", "1234567e8", "True", "FALSE", "-0.0", "+5", "0x1F", "0o17", ".5", "5.", "1E3"} {
		s := mustParse(t, one("{v: "+n+", list: ["+n+"], map: {k: "+n+"}}", `{a: "${vars.v}", b: "x${vars.v}", c: "x${vars.list[0]}", d: "x${vars.map.k}-${matrix.m}"}`))
		with, err := s.Stages[0].With.Resolve(map[string]Value{"m": parseValue(t, n)})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := with.String(), fmt.Sprintf("{a: %s, b: %s, c: %[2]s, d: %s}", n, quoteIfNeeded("x"+n), quoteIfNeeded("x"+n+"-"+n)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		type params struct {
			Text Text            `yaml:"text"`
			List []Text          `yaml:"list"`
			Map  map[string]Text `yaml:"map"`
		}
		p := Params[params]{Defaults: func() params { return params{} }, Docs: Docs{"text": "a", "list": "a", "map": "a"}}
		read, err := p.Decode(parseValue(t, fmt.Sprintf("{text: %s, list: [%[1]s], map: {k: %[1]s}}", n)))
		if err != nil {
			t.Fatal(err)
		}
		if read.Text != Text(n) || read.List[0] != Text(n) || read.Map["k"] != Text(n) {
			t.Errorf("%s is read as %+v", n, read)
		}
		if got, want := Canonical(read), fmt.Sprintf("list = [%q]\nmap.k = %[1]q\ntext = %[1]q\n", n); got != want {
			t.Errorf("canonical text\n%swant\n%s", got, want)
		}
	}
}

func TestSet(t *testing.T) {
	base := `name: x
vars: {lambda: [0, 400]}
stages:
  fold: {uses: split/x}
  model:
    uses: train/x
    needs: {data: fold}
    with: {epochs: 200, list: [{a: 1}, {a: 2}]}
`
	tests := []struct {
		sets []string
		with string // of model
		more func(s *Spec) bool
	}{
		{[]string{"stages.model.with.epochs=5"}, "{epochs: 5, list: [{a: 1}, {a: 2}]}", nil},
		{[]string{"stages.model.with.list[1].a=x y"}, "{epochs: 200, list: [{a: 1}, {a: x y}]}", nil},
		{[]string{"stages.model.with.list[1].b={c: 1}"}, "{epochs: 200, list: [{a: 1}, {a: 2, b: {c: 1}}]}", nil},
		{[]string{"stages.model.with.new.deep=1"}, "{epochs: 200, list: [{a: 1}, {a: 2}], new: {deep: 1}}", nil},
		{[]string{"stages.model.with.epochs=null", "stages.model.with.list=[]"}, "{list: []}", nil},
		{[]string{"stages.model.with={a: '${vars.lambda}'}", "vars.lambda=[1]"}, "{a: [1]}", nil},
		{[]string{"stages.model.with=null"}, "{}", nil},
		{[]string{"seed=7"}, "", func(s *Spec) bool { return s.Seed == 7 }},
		{[]string{"stages.model.with.epochs= 5 "}, "{epochs: 5, list: [{a: 1}, {a: 2}]}", nil},
		{[]string{`stages.model.with={a: "x # y", 'b: c': [it's, 1.0]} `}, `{a: "x # y", "b: c": ["it's", 1.0]}`, nil},
		{[]string{"stages.model.with={a: 1.0}", "stages.model.with.a=${vars.lambda}"}, "{a: [0, 400]}", nil},
		{[]string{"title=a=b"}, "", func(s *Spec) bool { return s.Title == "a=b" }},
		{[]string{"stages.fold.matrix.fold=[0, 1]"}, "", func(s *Spec) bool { return len(s.Stages[0].Matrix[0].Values) == 2 }},
		{[]string{"stages.fold=null", "stages.model.needs.data=null"}, "", func(s *Spec) bool { return len(s.Stages) == 1 }},
		{[]string{"stages.model.uses=train/y"}, "", func(s *Spec) bool {
			return s.Stages[1].UsesPos == Pos{"--set stages.model.uses=train/y", 1, 19}
		}},
	}
	for _, tt := range tests {
		s := mustParse(t, base, tt.sets...)
		if got := s.stage("model").With.String(); tt.with != "" && got != tt.with {
			t.Errorf("%q: with is %s, want %s", tt.sets, got, tt.with)
		}
		if tt.more != nil && !tt.more(s) {
			t.Errorf("%q: not there: %+v", tt.sets, s)
		}
	}
}

func TestModeOfASpec(t *testing.T) {
	for _, c := range []struct {
		src, want string
		sets      []string
		pos       Pos
	}{
		{src: advx, want: ""},
		{src: advx + "mode: published\n", want: "published", pos: Pos{"test.yaml", 25, 7}},
		{src: advx + "mode: null\n", want: "", pos: Pos{"test.yaml", 25, 7}},
		{src: strings.Replace(advx, "vars:", "vars:\n  m: other", 1) + "mode: ${vars.m}\n", want: "other", pos: Pos{"test.yaml", 26, 7}},
		{src: advx, sets: []string{"mode=published"}, want: "published", pos: Pos{"--set mode=published", 1, 6}},
		{src: advx + "mode: published\n", sets: []string{"mode=null"}, want: ""},
	} {
		if s := mustParse(t, c.src, c.sets...); s.Mode != c.want || s.ModePos != c.pos {
			t.Errorf("%v: mode %q at %v, want %q at %v", c.sets, s.Mode, s.ModePos, c.want, c.pos)
		}
	}
	for line, want := range map[string]string{
		"mode: ''":           "test.yaml:25:7: mode must name a mode, such as published",
		"mode: 3":            "test.yaml:25:7: mode must be text, not the number 3; put it in quotes",
		"mode: [published]":  "test.yaml:25:7: mode must be text, not the list [published]",
		"mode: ${vars.none}": "test.yaml:25:7: ${vars.none}: ",
		"moed: published":    `test.yaml:25:1: a spec has no field "moed"; did you mean "mode"?`,
	} {
		if _, err := Parse("test.yaml", []byte(advx+line+"\n"), Options{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}
