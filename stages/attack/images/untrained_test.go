package images

import (
	"testing"

	"github.com/gomlx/compute"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/classifiers"
	"foil/internal/kindtest"
	"foil/internal/safetensors"
	"foil/models/backend"
	"foil/models/evaluate"
	"foil/models/nn"
	"foil/pipeline"
)

// untrained is a classifier that does not say on which images it was trained. Its
// weights are those that a training starts from, so they are the same on every
// processor, but for the last layer, which is centred and scaled until images are taken
// for different classes. With a variant it has an attacker as a training starts from.
func untrained(t *testing.T, data pipeline.Artifact, seed uint64, variant string) pipeline.Artifact {
	t.Helper()
	m, err := artifact.ReadImages(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	config := classifiers.Config{
		Network: classifiers.Network{Name: "resnet-9", Width: 4}, Image: m.Shape, Classes: len(m.Classes), Method: "none",
	}
	network, err := config.Network.Build(config.Image, config.Classes)
	if err != nil {
		t.Fatal(err)
	}
	weights := checkpoints.Weights{checkpoints.Model: tensorsOf(t, spread(t, b, m, network, fresh(t, b, network, seed)))}
	if variant != "" {
		config.Game = &classifiers.Game{Attacker: classifiers.Attacker{Name: "slim", Width: 4}, Variant: variant, Epsilon: 0.031}
		_, attacker, err := config.Game.Build(config.Image)
		if err != nil {
			t.Fatal(err)
		}
		weights[classifiers.AttackerPart] = tensorsOf(t, fresh(t, b, attacker, seed))
	}
	return kindtest.Written(t, func(create artifact.CreateFunc) error {
		return checkpoints.Write(create, checkpoints.Result{Config: config, Best: weights, Last: weights})
	})
}

func fresh(t *testing.T, b compute.Backend, n *nn.Network, seed uint64) *nn.Weights {
	t.Helper()
	w, err := nn.NewWeights(b, n.Params, seed, "test")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// spread moves the mean of each logit over the test images to 0 and makes them larger.
func spread(t *testing.T, b compute.Backend, m *artifact.Images, n *nn.Network, w *nn.Weights) *nn.Weights {
	t.Helper()
	e, err := evaluate.New(evaluate.Config{
		Network: n, Shape: [3]int{m.Shape.Channels, m.Shape.Height, m.Shape.Width}, Batch: m.Test.Len(), Backend: b,
	}, w)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, len(m.Test.Pixels))
	for i, v := range m.Test.Pixels {
		x[i] = float32(v) / 255
	}
	logits, err := e.Logits(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	const larger = 50
	for i, p := range n.Params {
		if p.Name != "fc.weight" && p.Name != "fc.bias" {
			continue
		}
		err := backend.Write(w.Tensors[i], func(values []float32) {
			if p.Name == "fc.bias" {
				for j, v := range logits {
					values[j%len(values)] -= v / float32(m.Test.Len())
				}
			}
			for j := range values {
				values[j] *= larger
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func tensorsOf(t *testing.T, w *nn.Weights) []safetensors.Tensor {
	t.Helper()
	out, err := classifiers.CopyTensors(w)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
