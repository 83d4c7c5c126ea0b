package pipeline

import (
	"context"
	"slices"
	"testing"

	"foil/spec"
)

func TestCostLikeName(t *testing.T) {
	c := Cost{Like: []string{"network", "adversaries[].hidden", "checkpoints"}}
	for name, want := range map[string]string{
		"network": "network", "network.width": "network", "network[3].x": "network", "networks": "", "net": "",
		"adversaries[0].hidden": "adversaries[].hidden", "adversaries[12].hidden": "adversaries[].hidden", "adversaries[0].lambda": "", "adversaries": "",
		"checkpoints": "checkpoints", "epochs": "", "": "",
	} {
		if got := c.LikeName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// Names in a Cost that the kind does not have are problems of the kind.
func TestCostNamesWhatTheKindHas(t *testing.T) {
	type inner struct {
		Width int `yaml:"width"`
	}
	type params struct {
		Epochs int     `yaml:"epochs"`
		Layers []inner `yaml:"layers"`
	}
	described := &spec.Params[params]{
		Docs:   spec.Docs{"epochs": "passes", "layers": "of the network"},
		Nested: []spec.Described{&spec.Params[inner]{Docs: spec.Docs{"width": "of a layer"}}},
	}
	k := Define(Kind{
		Name: "k", Doc: "Does.", Inputs: []Port{{Name: "data", Doc: "read"}},
		Cost: Cost{Times: []string{"epochs", "data/x.arrow", "data/", "other/x", "epoch"}, Like: []string{"layers", "layers[].width", "layers.width", "depth"}},
	}, described, Work[params]{Run: func(context.Context, *Cell, *params) error { return nil }})
	want := []string{
		`cost: times "data/" is neither a parameter nor a file of an input`,
		`cost: times "other/x" is neither a parameter nor a file of an input`,
		`cost: times "epoch" is neither a parameter nor a file of an input`,
		`cost: like "layers.width" is not a parameter`,
		`cost: like "depth" is not a parameter`,
	}
	if got := k.Problems(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
