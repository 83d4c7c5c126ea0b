package spec

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestFieldsTellWhatIsKnownOfParameters(t *testing.T) {
	infos := map[string]FieldInfo{}
	for _, info := range testParams.Fields() {
		infos[info.Name] = info
	}
	one := 1.0
	tests := []FieldInfo{
		{Name: "epochs", Type: "int", Doc: "passes over the training data", Unit: "epochs", Default: "200", Min: &one},
		{Name: "optimizer", Type: "string", Doc: "rule of the updates", Default: "adam", OneOf: []string{"adam", "sgd"}},
		{Name: "attribute", Type: "string", Doc: "what is predicted", Required: true},
		{Name: "names", Type: "list of string", Doc: "attributes that are reported", Default: "[age, gender]", OneOf: []string{"age", "gender"}},
		{Name: "k", Type: "list of int", Doc: "list lengths", Default: "[10]", NonEmpty: true, Min: &one},
		{Name: "verbose", Type: "bool", Doc: "say more", Default: "false", OutOfKey: true},
		{Name: "raw", Type: "any", Doc: "anything"},
		{Name: "where", Type: "map of any", Doc: "axis: value"},
		{Name: "batch", Type: "int", Doc: "rows per step", Default: "64", Min: &one},
		{Name: "probe", Type: "object", Doc: "the attack at the end", Fields: []FieldInfo{
			{Name: "epochs", Type: "int", Doc: "length of the attack", Default: "50", Min: &one}}},
	}
	for _, want := range tests {
		if got := infos[want.Name]; !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if a := infos["adversaries"]; a.Type != "list of object" || len(a.Fields) != 3 || a.Fields[1].Default != "1" {
		t.Errorf("adversaries: %+v", a)
	}
}

func TestSchemaReadsLikeGolden(t *testing.T) {
	kinds := []KindSchema{
		{Name: "train/x", Doc: "Trains.", Params: testParams.Fields(), Inputs: []InputSchema{{Name: "data", Doc: "what it learns from"}}},
		{Name: "report/table", Doc: "Shows.", Inputs: []InputSchema{{Name: "*", Gathered: true}}},
	}
	got := Schema(kinds)
	if !json.Valid(got) {
		t.Fatal("not JSON")
	}
	golden(t, "testdata/schema.golden", string(got))
}
