package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/numeric"
	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/spec"
)

func TestTaskOfAnotherProgramIsRefused(t *testing.T) {
	b := pipelinetest.New(t)
	node := b.Graph("name: x\nstages:\n  a: {uses: test/text, with: {n: 1}}\n").Nodes[0]
	for _, c := range []struct {
		change func(*pipeline.Task)
		want   string
	}{
		{func(t *pipeline.Task) { t.Version++ }, "this program has no version 2 of the kind test/text"},
		{func(t *pipeline.Task) { t.Kind = "test/gone" }, "this program has no version 1 of the kind test/gone"},
		{func(t *pipeline.Task) { t.Canonical += "n = 2\n" }, `"N":1`},
		{func(t *pipeline.Task) { t.Canonical += "n = 2\n" }, "differently from the program that sent them"},
		{func(t *pipeline.Task) { t.Params = json.RawMessage(`{"m":1}`) }, `unknown field "m"`},
		{func(t *pipeline.Task) { t.Params = json.RawMessage(`{`) }, "parameters: "},
		{func(t *pipeline.Task) { t.Params = nil }, "parameters: "},
	} {
		task := &pipeline.Task{Cell: "a", Kind: "test/text", Version: 1}
		if err := task.SetParams(node.Params); err != nil {
			t.Fatal(err)
		}
		run := func() error {
			return task.Run(t.Context(), b.Kinds(), pipeline.Site{Env: &pipeline.Env{}, OutDir: t.TempDir()}, pipeline.Hooks{})
		}
		if err := run(); err != nil {
			t.Fatal(err)
		}
		c.change(task)
		if err := run(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

// everyParams have parameters of every type that spec.Params.Decode reads.
type everyParams struct {
	Flag    bool                  `yaml:"flag"`
	Text    string                `yaml:"text"`
	Int     int                   `yaml:"int"`
	Int8    int8                  `yaml:"int8"`
	Int64   int64                 `yaml:"int64"`
	Uint    uint                  `yaml:"uint"`
	Byte    uint8                 `yaml:"byte"`
	Float32 float32               `yaml:"float32"`
	Float64 float64               `yaml:"float64"`
	Pointer *float64              `yaml:"pointer"`
	Null    *int                  `yaml:"null_int"`
	List    []string              `yaml:"list"`
	Empty   []int                 `yaml:"empty"`
	Missing []int                 `yaml:"missing"`
	Bytes   []uint8               `yaml:"bytes"`
	Map     map[string]int        `yaml:"map"`
	Structs []innerParams         `yaml:"structs"`
	ByName  map[string]spec.Value `yaml:"by_name"`
	Value   spec.Value            `yaml:"value"`
	Values  []spec.Value          `yaml:"values"`
	Hidden  string                `yaml:"hidden" key:"-"`
	embedded
}

type innerParams struct {
	Name  string     `yaml:"name"`
	Value spec.Value `yaml:"value"`
}

type embedded struct {
	Inside int `yaml:"inside"`
}

// everyDescribed describes them without documentation, which no task carries.
var everyDescribed = &spec.Params[everyParams]{
	Defaults: func() everyParams { return everyParams{Text: "default"} },
	Nested:   []spec.Described{&spec.Params[innerParams]{}, &spec.Params[embedded]{}},
}

const everyParameter = `{
  flag: true, text: "a: b\n\t\"\\é\u0007 </&>", int: -3, int8: -128, int64: 9223372036854775807, uint: 7, byte: 255,
  float32: 0.1, float64: 1e-300, pointer: -2.5, null_int: null, list: ["", "x, y"], empty: [], bytes: [0, 255],
  map: {a b: 1, "[c]": -2}, structs: [{name: one, value: 1e300}, {value: [1, "1", 1.0, null, true]}],
  by_name: {x: {deep: [{er: "no"}]}}, value: {n: 9007199254740993, f: 9007199254740992.0, "": -0.0}, values: [~, "on", 0x10],
  hidden: said, inside: 5
}`

func TestParametersOfEveryTypeSurviveATask(t *testing.T) {
	with, err := spec.ParseValue("value", everyParameter)
	if err != nil {
		t.Fatal(err)
	}
	var got *everyParams
	kind := pipeline.Define(pipeline.Kind{Name: "test/every", Version: 1}, everyDescribed, pipeline.Work[everyParams]{
		Run: func(_ context.Context, _ *pipeline.Cell, p *everyParams) error { got = p; return nil },
	})
	params, err := kind.Decode(with)
	if err != nil {
		t.Fatal(err)
	}
	want := params.Values.(*everyParams)
	task := &pipeline.Task{Kind: kind.Name, Version: 1}
	if err := task.SetParams(params); err != nil {
		t.Fatal(err)
	}
	task = sent(t, task)
	for range 2 { // a kind may change what it is given: the next try is given the same again
		if err := task.Run(t.Context(), []pipeline.Kind{kind}, pipeline.Site{}, pipeline.Hooks{}); err != nil {
			t.Fatal(err)
		}
		if c := spec.Canonical(got); c != params.Canonical || got == want {
			t.Errorf("got\n%s\nwant\n%s", c, params.Canonical)
		}
		if got.Hidden != "said" || got.Null != nil || got.Missing != nil || got.Empty == nil || *got.Pointer != -2.5 {
			t.Errorf("%+v", got)
		}
		a, b := reflect.ValueOf(*got), reflect.ValueOf(*want)
		for i := range a.NumField() {
			if field := a.Type().Field(i); field.Type.String() != "spec.Value" && !strings.Contains(field.Type.String(), "Value") && field.Name != "Structs" &&
				fmt.Sprint(plain(a.Field(i))) != fmt.Sprint(plain(b.Field(i))) {
				t.Errorf("%s is %v, want %v", field.Name, a.Field(i), b.Field(i))
			}
		}
		for _, v := range [][2]spec.Value{
			{got.Value, want.Value}, {got.ByName["x"], want.ByName["x"]}, {got.Structs[0].Value, want.Structs[0].Value},
			{got.Structs[1].Value, want.Structs[1].Value}, {got.Values[1], want.Values[1]}, {got.Values[2], want.Values[2]},
		} {
			if !v[0].Equal(v[1]) || v[0].String() != v[1].String() {
				t.Errorf("the value %s came out as %s", v[1], v[0])
			}
		}
		got.Text, got.List[0], got.Map["a b"] = "changed", "changed", 99
	}
}

// plain dereferences a pointer.
func plain(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		return v.Elem()
	}
	return v
}

// sent is a task after serialization.
func sent(t *testing.T, task *pipeline.Task) *pipeline.Task {
	t.Helper()
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	got := new(pipeline.Task)
	if err := json.Unmarshal(text, got); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return got
}

func TestEveryFieldOfATaskSurvivesJSON(t *testing.T) {
	file := pipeline.File{Name: "folder/text", Digest: digest.Of([]byte("1")), Size: 1}
	axes := []pipeline.AxisValue{
		{Axis: "fold", Value: spec.Value{Type: spec.Int, Int: 3}},
		{Axis: "name", Value: spec.Value{Type: spec.String, Str: "3"}},
	}
	task := &pipeline.Task{
		Cell: `a[fold=3,name="3"]`, Kind: "test/text", Version: 2, Params: json.RawMessage(`{"N":1}`), Canonical: "n = 1\n",
		Seed: math.MaxUint64, Backend: "xla:cpu", Needs: pipeline.Limits{Cores: 3, Memory: math.MaxInt64, GPUs: 1},
		Inputs:          []pipeline.TaskInput{{Name: "all", Gathered: true, Axes: axes, Files: []pipeline.File{file}}},
		Sources:         []pipeline.Source{{Name: "script", Version: "2.1", Digest: digest.Of([]byte("2")), Path: "/some/where", Content: []byte("\x00\xff")}},
		CheckpointEvery: time.Minute,
	}
	wantNoZero(t, "Task", reflect.ValueOf(*task))
	got := sent(t, task)
	for i, a := range got.Inputs[0].Axes {
		if w := axes[i]; a.Axis != w.Axis || a.Value.Type != w.Value.Type || !a.Value.Equal(w.Value) {
			t.Errorf("axis %+v, want %+v", a, w)
		}
	}
	got.Inputs[0].Axes = axes // but for the positions of values, which are not kept
	if !reflect.DeepEqual(got, task) {
		t.Errorf("got\n%+v\nwant\n%+v", got, task)
	}
	site := pipeline.Site{
		Env:  &pipeline.Env{DataDir: "/data", Downloads: "/downloads", Offline: true},
		GPUs: []int{2, 0}, OutDir: "/out", WorkDir: "/work",
	}
	text, err := json.Marshal(site)
	if err != nil {
		t.Fatal(err)
	}
	var read pipeline.Site
	if err := json.Unmarshal(text, &read); err != nil || !reflect.DeepEqual(read, site) {
		t.Errorf("%v: got\n%+v\nwant\n%+v", err, read, site)
	}
}

// wantNoZero fails for a field that a test forgot to set.
func wantNoZero(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	switch {
	case v.Type() == reflect.TypeFor[spec.Value]():
	case v.IsZero():
		t.Errorf("%s is not set", path)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		for i := range v.Len() {
			wantNoZero(t, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			wantNoZero(t, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	}
}

// A task opens its inputs by name and digest through its site.
func TestTaskOpensItsInputsAtItsSite(t *testing.T) {
	one, two := digest.Of([]byte("1")), digest.Of([]byte("2"))
	var got *pipeline.Cell
	kind := pipeline.Define(pipeline.Kind{Name: "test/read"}, pipeline.NoParams, pipeline.Work[pipeline.None]{
		Run: func(_ context.Context, c *pipeline.Cell, _ *pipeline.None) error { got = c; return nil },
	})
	task := sent(t, &pipeline.Task{Kind: kind.Name, Seed: 4, Backend: "go", Needs: pipeline.Limits{Cores: 2, GPUs: 1}, Inputs: []pipeline.TaskInput{
		{Name: "a", Files: []pipeline.File{{Name: "x", Digest: one}}},
		{Name: "all", Gathered: true, Axes: []pipeline.AxisValue{{Axis: "i", Value: spec.Value{Type: spec.Int, Int: 1}}}, Files: []pipeline.File{{Name: "x", Digest: two}}},
		{Name: "all", Gathered: true, Axes: []pipeline.AxisValue{{Axis: "i", Value: spec.Value{Type: spec.Int, Int: 2}}}, Files: []pipeline.File{{Name: "x", Digest: one}}},
	}})
	if files := task.Files(); len(files) != 2 || files[0].Digest != one || files[1].Digest != two {
		t.Errorf("files %v", files)
	}
	site := pipeline.Site{GPUs: []int{1}, OutDir: "/out", WorkDir: "/work", Open: func(f pipeline.File) (string, error) {
		return filepath.Join("/objects", f.Digest.Short()), nil
	}}
	if err := task.Run(t.Context(), []pipeline.Kind{kind}, site, pipeline.Hooks{}); err != nil {
		t.Fatal(err)
	}
	if got.Seed != 4 || got.Backend != "go" || got.Cores != 2 || got.GPUs[0] != 1 || got.OutDir != "/out" || got.WorkDir != "/work" {
		t.Errorf("%+v", got)
	}
	if path, err := got.Input("a", "x"); err != nil || path != filepath.Join("/objects", one.Short()) {
		t.Errorf("%s, %v", path, err)
	}
	if all := got.Gathered["all"]; len(all) != 2 || pipeline.AxesText(all[0].Axes) != "[i=1]" || all[1].Artifact.Files[0].Digest != one {
		t.Errorf("%+v", all)
	}
}

// Only kinds whose output may differ in its last bits are signed, by the process that runs them and
// for what they use.
func TestTasksAreSignedByWhoRunsThem(t *testing.T) {
	work := pipeline.Work[pipeline.None]{Run: func(context.Context, *pipeline.Cell, *pipeline.None) error { return nil }}
	for name, c := range map[string]struct {
		kind    pipeline.Kind
		backend string
		want    string
	}{
		"plain":     {pipeline.Kind{}, "", ""},
		"numeric":   {pipeline.Kind{Numeric: true}, "xla:cpu", `"xla:cpu" on 3`},
		"rounds":    {pipeline.Kind{Rounds: true}, "", `"" on 3`},
		"libraries": {pipeline.Kind{Libraries: []string{"gonum v1"}}, "", `"" on 3`},
	} {
		c.kind.Name = "test/" + name
		kinds := []pipeline.Kind{pipeline.Define(c.kind, pipeline.NoParams, work)}
		task := &pipeline.Task{Kind: c.kind.Name, Backend: c.backend, Needs: pipeline.Limits{Cores: 3}}
		site := pipeline.Site{Numeric: func(backend string, threads int) (numeric.Signature, error) {
			return numeric.Signature{Arch: fmt.Sprintf("%q on %d", backend, threads)}, nil
		}}
		got := ""
		hooks := pipeline.Hooks{OnNumeric: func(s numeric.Signature) { got = s.Arch }}
		if err := task.Run(t.Context(), kinds, site, hooks); err != nil || got != c.want {
			t.Errorf("%s: signed with %q, error %v; want %q", name, got, err, c.want)
		}
		if err := task.Run(t.Context(), kinds, pipeline.Site{}, pipeline.Hooks{}); err != nil {
			t.Errorf("%s, where nobody asks: %v", name, err)
		}
		site.Numeric = func(string, int) (numeric.Signature, error) { return numeric.Signature{}, errors.New("no library") }
		if err := task.Run(t.Context(), kinds, site, hooks); (err != nil) != (c.want != "") {
			t.Errorf("%s, without the library: %v", name, err)
		}
	}
}
