package spec

import (
	"slices"
	"strings"
	"testing"
)

// A network has an inner struct of each sort: embedded, behind a pointer, in a list and in
// a map.
type network struct {
	Layer
	Head   Layer            `yaml:"head"`
	Tail   *Layer           `yaml:"tail"`
	Blocks []Layer          `yaml:"blocks"`
	Named  map[string]Layer `yaml:"named"`
	Total  int              `yaml:"total" key:"-"`
}

type Layer struct {
	Kind  string `yaml:"kind"`
	Width int    `yaml:"width" min:"0"`
}

var layerParams = &Params[Layer]{
	Defaults: func() Layer { return Layer{Kind: "conv"} },
	Docs:     Docs{"kind": "what it computes", "width": "channels; 0: those of the kind"},
	OneOf:    OneOf{"kind": {"conv", "dense"}},
	Check: func(l *Layer, report Reporter) {
		if l.Kind == "dense" && l.Width == 13 {
			report("width", "13 brings bad luck")
		}
	},
	Settle: func(l *Layer) {
		if l.Width == 0 {
			l.Width = map[string]int{"conv": 64, "dense": 10}[l.Kind]
		}
	},
}

var networkParams = &Params[network]{
	Defaults: func() network { return network{Layer: Layer{Kind: "conv"}, Head: Layer{Kind: "dense"}} },
	Docs: Docs{
		"head": "the last layer", "tail": "one that may be missing", "blocks": "those between", "named": "layers by name", "total": "all channels",
	},
	Nested: []Described{layerParams},
	Settle: func(n *network) {
		n.Total = n.Width + n.Head.Width
		for _, b := range n.Blocks {
			n.Total += b.Width
		}
	},
}

func TestInnerStructsSettleBeforeTheOuterOne(t *testing.T) {
	n, err := networkParams.Decode(parseValue(t, "{width: 3, blocks: [{}, {kind: dense}, {width: 5}], named: {a: {kind: dense}}, tail: {}}"))
	if err != nil {
		t.Fatal(err)
	}
	if n.Width != 3 || n.Head.Width != 10 || n.Tail.Width != 64 || n.Named["a"].Width != 10 || n.Total != 3+10+64+10+5 {
		t.Errorf("%+v", n)
	}
	if n, err = networkParams.Decode(Value{}); err != nil || n.Width != 64 || n.Tail != nil {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestInnerStructsAreChecked(t *testing.T) {
	_, err := networkParams.Decode(parseValue(t, "{kind: dense, width: 13, tail: {kind: dense, width: 13}, blocks: [{}, {kind: dens}, {kind: dense, width: 13}]}"))
	errs, _ := err.(Errors)
	var got []string
	for _, e := range errs {
		got = append(got, e.Msg)
	}
	// A struct is checked as a whole when its fields are right.
	want := []string{"tail.width: 13 brings bad luck", `blocks[1].kind: "dens" is not allowed; did you mean "dense"?`, "blocks[2].width: 13 brings bad luck"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	_, err = networkParams.Decode(parseValue(t, "{kind: dense, width: 13}"))
	if err == nil || !strings.Contains(err.Error(), ": width: 13 brings bad luck") {
		t.Errorf("the embedded struct is not checked: %v", err)
	}
}

// An axisParam can be written as its label alone.
type axisParam struct {
	Label string `yaml:"label" required:"true"`
	Scale string `yaml:"scale" oneof:"linear,log"`
}

type chartParam struct {
	X     axisParam   `yaml:"x" required:"true"`
	Y     *axisParam  `yaml:"y"`
	Other []axisParam `yaml:"other"`
}

var axisParamParams = &Params[axisParam]{
	Defaults: func() axisParam { return axisParam{Scale: "linear"} },
	Docs:     Docs{"label": "text", "scale": "kind of scale"},
	Short:    "label",
}

func chartParams() *Params[chartParam] {
	return &Params[chartParam]{Defaults: func() chartParam { return chartParam{X: *axisParamParams.New()} }, Docs: Docs{"x": "across", "y": "up", "other": "more"}, Nested: []Described{axisParamParams},
		Check: func(c *chartParam, report Reporter) {
			if c.X.Label == "none" {
				report("x.label", "says nothing")
			}
		}}
}

func TestATextStandsForAStruct(t *testing.T) {
	c, err := chartParams().Decode(parseValue(t, "x: epoch\ny: loss\nother: [a, {label: b, scale: log}]"))
	if err != nil || c.X != (axisParam{"epoch", "linear"}) || *c.Y != (axisParam{"loss", "linear"}) ||
		!slices.Equal(c.Other, []axisParam{{"a", "linear"}, {"b", "log"}}) {
		t.Errorf("%+v, %v", c, err)
	}
	for yaml, want := range map[string]string{
		"x: 3":            "v.yaml:1:4: x.label: must be text, not the number 3; put it in quotes",
		"x: [a]":          "v.yaml:1:4: x: must be text or a map, not the list [a]",
		"x: {scale: log}": "v.yaml:1:4: x.label: is missing and has no default",
		"x: a\nother: [b, {lab: c}]": `v.yaml:2:12: other[1].label: is missing and has no default
v.yaml:2:13: other[1]: unknown field "lab"; did you mean "label"?`,
		"x: none": "v.yaml:1:4: x.label: says nothing",
	} {
		if _, err := chartParams().Decode(parseValue(t, yaml)); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", yaml, err, want)
		}
	}
	for _, f := range chartParams().Fields() {
		if f.Short != "label" {
			t.Errorf("%s: %+v", f.Name, f)
		}
	}
}

// forgetful has methods that look like the functions of Params.
type forgetful struct {
	Name string `yaml:"name"`
}

func (f *forgetful) Check(Reporter)        {}
func (f *forgetful) Setle()                {}
func (f *forgetful) Inspect(r Reporter)    {}
func (f *forgetful) SetDefaults()          {}
func (f *forgetful) String() string        { return f.Name }
func (f *forgetful) Unrelated(string) bool { return true }

func TestProblemsOfADescription(t *testing.T) {
	for _, c := range []struct {
		params Described
		want   []string
	}{
		{testParams, nil},
		{networkParams, nil},
		{&Params[forgetful]{Docs: Docs{"nam": "misspelt"}}, []string{
			`parameter "name" has no documentation`,
			`documentation of "nam", which is not a parameter`,
			"method Check is never called; name it in spec.Params",
			"method Inspect is never called; name it in spec.Params",
			"method SetDefaults is never called; name it in spec.Params",
			"method Setle is never called; name it in spec.Params",
		}},
		{&Params[probe]{Docs: Docs{"epochs": strings.Repeat("A sentence. ", 30)}}, []string{
			`the documentation of "epochs" has 360 characters; at most 280 are allowed`}},
		{&Params[probe]{Docs: Docs{"epochs": strings.Repeat("long", 50)}}, []string{
			`the documentation of "epochs" has a sentence of 200 characters; at most 160 are allowed`}},
	} {
		var got []string
		for _, p := range c.params.Problems() {
			_, text, _ := strings.Cut(p, ": ")
			got = append(got, text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("got %q\nwant %q", got, c.want)
		}
	}
}

func TestADescriptionThatDoesNotFitPanics(t *testing.T) {
	for want, params := range map[string]Described{
		"Nested does not describe spec.Layer":          &Params[network]{},
		`has no parameter "widht", but OneOf names it`: &Params[Layer]{OneOf: OneOf{"widht": {"a"}}},
		`has no parameter "name", but Short names it`:  &Params[Layer]{Short: "name"},
		"has no spec.Layer, but Nested describes it":   &Params[probe]{Nested: []Described{layerParams}},
		"Nested describes spec.Layer twice":            &Params[network]{Nested: []Described{layerParams, layerParams}},
		"parameters are a struct, not int":             &Params[int]{},
	} {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}()
			params.Fields()
		}()
	}
}

// A mode changes defaults, and nothing else: what a spec gives counts as before, and so do checks.
func TestModesChangeDefaults(t *testing.T) {
	params := Params[network]{Defaults: networkParams.Defaults, Docs: networkParams.Docs, Nested: networkParams.Nested}
	params.Modes = map[string]func(*network){
		"wide":  func(n *network) { n.Width, n.Head.Width = 512, 256 },
		"plain": func(n *network) { n.Kind = "dense" },
	}
	for _, c := range []struct {
		mode, with  string
		kind        string
		width, head int
	}{
		{"", "{}", "conv", 64, 10},
		{"wide", "{}", "conv", 512, 256},
		{"wide", "{width: 3}", "conv", 3, 256},
		{"wide", "{head: {width: 5}}", "conv", 512, 5},
		{"wide", "{head: {kind: conv}}", "conv", 512, 256},
		{"plain", "{}", "dense", 10, 10},
		{"plain", "{kind: conv}", "conv", 64, 10},
		{"unknown", "{}", "conv", 64, 10},
	} {
		n, err := params.In(c.mode).Decode(parseValue(t, c.with))
		if err != nil {
			t.Fatal(err)
		}
		if n.Kind != c.kind || n.Width != c.width || n.Head.Width != c.head {
			t.Errorf("mode %q, %s: %+v", c.mode, c.with, n)
		}
	}
	if got := params.ModeNames(); !slices.Equal(got, []string{"plain", "wide"}) {
		t.Errorf("modes %v", got)
	}
	if problems := params.In("wide").Problems(); len(problems) > 0 {
		t.Errorf("problems in a mode: %v", problems)
	}
	if _, err := params.In("plain").Decode(parseValue(t, "{width: 13}")); err == nil {
		t.Error("a default of a mode is not checked together with what is given")
	}
}
