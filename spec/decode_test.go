package spec

import (
	"reflect"
	"strings"
	"testing"
)

// params has every type of parameter that a kind can have.
type params struct {
	shared
	Epochs      int               `yaml:"epochs" unit:"epochs" min:"1"`
	Rate        float64           `yaml:"rate" above:"0"`
	Holdout     float32           `yaml:"holdout" min:"0" max:"1"`
	Optimizer   string            `yaml:"optimizer" oneof:"adam,sgd"`
	Attribute   string            `yaml:"attribute" required:"true"`
	K           []int             `yaml:"k" min:"1" nonempty:"true"`
	Names       []string          `yaml:"names"`
	Limit       *int              `yaml:"limit" min:"0"`
	Small       uint8             `yaml:"small"`
	Verbose     bool              `yaml:"verbose" key:"-"`
	Raw         Value             `yaml:"raw"`
	Where       map[string]Value  `yaml:"where"`
	Labels      map[string]string `yaml:"labels"`
	Adversaries []adversary       `yaml:"adversaries"`
	Probe       probe             `yaml:"probe"`
	//lint:ignore U1000 Decode has to pass over it
	unexported int
}

type shared struct {
	Batch int `yaml:"batch" min:"1"`
}

type adversary struct {
	Attribute string  `yaml:"attribute" required:"true"`
	Lambda    float64 `yaml:"lambda" min:"0"`
	Layers    []int   `yaml:"layers" min:"1"`
}

type probe struct {
	Epochs int `yaml:"epochs" min:"1"`
}

var testParams = &Params[params]{
	Defaults: func() params {
		return params{
			shared: shared{Batch: 64},
			Epochs: 200, Rate: 0.001, Holdout: 0.8, Optimizer: "adam", K: []int{10}, Names: []string{"age", "gender"},
			Probe: probe{Epochs: 50},
		}
	},
	Docs: Docs{
		"epochs":      "passes over the training data",
		"rate":        "learning rate",
		"holdout":     "part that is held out",
		"optimizer":   "rule of the updates",
		"attribute":   "what is predicted",
		"k":           "list lengths",
		"names":       "attributes that are reported",
		"limit":       "at most so many",
		"small":       "a small number",
		"verbose":     "say more",
		"raw":         "anything",
		"where":       "axis: value",
		"labels":      "text: text",
		"adversaries": "who attacks",
		"probe":       "the attack at the end",
	},
	OneOf:  OneOf{"names": {"age", "gender"}},
	Nested: []Described{sharedParams, adversaryParams, probeParams},
	Check:  (*params).check,
}

var sharedParams = &Params[shared]{Docs: Docs{"batch": "rows per step"}}

var adversaryParams = &Params[adversary]{
	Defaults: func() adversary { return adversary{Lambda: 1, Layers: []int{100}} },
	Docs:     Docs{"attribute": "what is attacked", "lambda": "weight", "layers": "widths"},
	Check: func(a *adversary, report Reporter) {
		if a.Attribute == "age" && a.Lambda > 100 {
			report("lambda", "%v is too much for age", a.Lambda)
		}
	},
}

var probeParams = &Params[probe]{Docs: Docs{"epochs": "length of the attack"}}

func (p *params) check(report Reporter) {
	seen := map[string]bool{}
	for i, a := range p.Adversaries {
		if seen[a.Attribute] {
			report("adversaries["+string(rune('0'+i))+"].attribute", "%q is attacked twice", a.Attribute)
		}
		seen[a.Attribute] = true
	}
	if p.Probe.Epochs > p.Epochs {
		report("probe.epochs", "must not be more than epochs")
	}
}

// parseValue reads a value as it would stand in a file.
func parseValue(t testing.TB, text string) Value {
	t.Helper()
	p := &problems{sources: sources{"v.yaml": splitLines(text)}}
	v, _ := parseTree(p, "v.yaml", text)
	if err := p.err(); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDecodeFillsAndKeepsDefaults(t *testing.T) {
	v := parseValue(t, `
attribute: gender
rate: 1
k: [20, 50]
names: []
limit: 3
small: 255
raw: {any: [1, x]}
where: {lambda: 400}
labels: {a: b}
adversaries: [{attribute: gender}, {attribute: age, lambda: 3, layers: [7]}]
probe: {}
`)
	p, err := testParams.Decode(v)
	if err != nil {
		t.Fatal(err)
	}
	limit := 3
	want := testParams.New()
	want.Attribute, want.Rate, want.K, want.Names, want.Limit, want.Small = "gender", 1, []int{20, 50}, []string{}, &limit, 255
	want.Labels = map[string]string{"a": "b"}
	want.Adversaries = []adversary{{"gender", 1, []int{100}}, {"age", 3, []int{7}}}
	want.Raw, want.Where = p.Raw, p.Where
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got %+v\nwant %+v", p, want)
	}
	if p.Raw.String() != "{any: [1, x]}" || p.Where["lambda"].Int != 400 {
		t.Errorf("raw %v, where %v", p.Raw, p.Where)
	}
}

func TestDecodeOfNothingIsTheDefaults(t *testing.T) {
	p, err := adversaryParams.Decode(parseValue(t, "{attribute: age}"))
	if err != nil || p.Lambda != 1 || len(p.Layers) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := probeParams.Decode(Value{}); err != nil {
		t.Error(err)
	}
}

func TestDecodeErrors(t *testing.T) {
	const required = "attribute: x\n"
	tests := []struct {
		yaml string
		want []string
	}{
		{"epochs: 5", []string{"1:1: attribute: is missing and has no default"}},
		{required + "epoch: 5", []string{`2:1: unknown field "epoch"; did you mean "epochs"?`}},
		{required + "epochs: 0", []string{"2:9: epochs: must be at least 1, not 0"}},
		{required + "epochs: 5.0", []string{"2:9: epochs: must be a whole number, not a number with a fraction or an exponent; write 5"}},
		{required + "epochs: 5.5", []string{"2:9: epochs: must be a whole number, not the number 5.5"}},
		{required + `epochs: "5"`, []string{`2:9: epochs: must be a whole number, not the text "5"`}},
		{required + "epochs:", []string{"2:1: epochs: must be a whole number, not null"}},
		{required + "rate: 0", []string{"2:7: rate: must be greater than 0, not 0"}},
		{required + "rate: fast", []string{`2:7: rate: must be a number, not the text "fast"`}},
		{required + "holdout: 1.5", []string{"2:10: holdout: must be at most 1, not 1.5"}},
		{required + "holdout: 1e300", []string{"2:10: holdout: 1e300 is too large"}},
		{required + "optimizer: adamm", []string{`2:12: optimizer: "adamm" is not allowed; did you mean "adam"?`}},
		{required + "optimizer: 5", []string{"2:12: optimizer: must be text, not the number 5; put it in quotes"}},
		{required + "k: 10", []string{"2:4: k: must be a list, not the number 10; write [10]"}},
		{required + "k: []", []string{"2:4: k: must not be empty"}},
		{required + "k: [1, 0, x]", []string{"2:8: k[1]: must be at least 1, not 0", `2:11: k[2]: must be a whole number, not the text "x"`}},
		{required + "names: [age, sex]", []string{`2:14: names[1]: "sex" is not allowed; there are age and gender`}},
		{required + "limit: -1", []string{"2:8: limit: must be at least 0, not -1"}},
		{required + "small: 256", []string{"2:8: small: 256 is too large"}},
		{required + "small: -1", []string{"2:8: small: must be at least 0, not -1"}},
		{required + "verbose: yes", []string{`2:10: verbose: must be true or false, not the text "yes"`}},
		{required + "labels: {a: 1}", []string{"2:13: labels.a: must be text, not the number 1; put it in quotes"}},
		{required + "labels: []", []string{"2:9: labels: must be a map, not the list []"}},
		{required + "probe: 3", []string{"2:8: probe: must be a map, not the number 3"}},
		{required + "batch: 0", []string{"2:8: batch: must be at least 1, not 0"}},
		{required + "adversaries: [{lambda: -1, lamda: 2}]", []string{
			"2:15: adversaries[0].attribute: is missing and has no default",
			"2:24: adversaries[0].lambda: must be at least 0, not -1",
			`2:28: adversaries[0]: unknown field "lamda"; did you mean "lambda"?`}},
		{required + "adversaries: [{attribute: age, lambda: 101}]", []string{"2:40: adversaries[0].lambda: 101 is too much for age"}},
		{required + "adversaries: [{attribute: a}, {attribute: a}]", []string{`2:43: adversaries[1].attribute: "a" is attacked twice`}},
		{required + "epochs: 5", []string{"1:1: probe.epochs: must not be more than epochs"}},
		{"[1]", []string{"1:1: must be a map, not the list [1]"}},
	}
	for _, tt := range tests {
		_, err := testParams.Decode(parseValue(t, tt.yaml))
		all, _ := err.(Errors)
		var got []string
		for _, e := range all {
			got = append(got, strings.TrimPrefix(e.Error(), "v.yaml:"))
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s\ngot  %q\nwant %q", tt.yaml, got, tt.want)
		}
	}
}

func TestDecodeRefusesNumbersThatAreNotFinite(t *testing.T) {
	zero := 0.0
	for _, f := range []float64{1 / zero, -1 / zero, zero / zero} {
		v := Value{Type: Map, Map: []Field{{Name: "lambda", Value: Value{Type: Float, Float: f}}, {Name: "attribute", Value: Value{Type: String, Str: "x"}}}}
		if _, err := adversaryParams.Decode(v); err == nil {
			t.Errorf("%v is accepted", f)
		}
	}
}
