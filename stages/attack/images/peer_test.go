package images

import (
	"flag"
	"os"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/kindtest"
	"foil/internal/safetensors"
	"foil/pipeline"
	"foil/spec"
	"foil/stages/load"
	"foil/stages/train/classifier"
)

var peerFile = flag.String("peer", "", "file that TestClassifierForPeers writes")

// TestClassifierForPeers trains the classifier of models/ascent/testdata/autoattack, and writes its
// weights with some images. The peer.py there attacks it.
func TestClassifierForPeers(t *testing.T) {
	if *peerFile == "" {
		t.Skip("writes a file for peers, see models/ascent/testdata/autoattack/peer.py; -peer names it")
	}
	const images = 24
	p := load.SyntheticImages().Params().(*load.SyntheticImagesParams)
	p.Classes, p.Size, p.PerClassTrain, p.PerClassTest = 6, 16, 160, 8
	data := kindtest.MustRun(t, load.SyntheticImages(), p, &pipeline.Cell{Seed: 1})
	with, err := spec.ParseValue("test", "{method: pgd, epochs: 14, network: {name: resnet-9, width: 4}, pgd: {steps: 4, step: 0.01}, epsilon: 0.025, "+
		"batch: 16, rate: 0.03, schedule: {epochs: [10]}, crop: 0, flip: false, select: {steps: 1}}")
	if err != nil {
		t.Fatal(err)
	}
	params, err := classifier.Kind().Decode(with)
	if err != nil {
		t.Fatal(err)
	}
	model := kindtest.MustRun(t, classifier.Kind(), params.Values, &pipeline.Cell{Seed: 7, Inputs: map[string]pipeline.Artifact{"data": data}})
	saved, err := checkpoints.Read(model)
	if err != nil {
		t.Fatal(err)
	}
	weights, err := saved.Weights(checkpoints.Last, checkpoints.Model)
	if err != nil {
		t.Fatal(err)
	}
	m, err := artifact.ReadImages(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	x := safetensors.Tensor{Name: "in.x", Shape: []int{images, m.Shape.Channels, m.Shape.Height, m.Shape.Width}, F32: m.Test.Values(images, m.Shape)}
	y := safetensors.Tensor{Name: "in.y", Shape: []int{images}}
	for _, label := range m.Test.Label[:images] {
		y.I64 = append(y.I64, int64(label))
	}
	tensors := []safetensors.Tensor{x, y}
	for name, w := range weights {
		w.Name = "w." + name
		tensors = append(tensors, w)
	}
	f, err := os.Create(*peerFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := safetensors.Write(f, tensors); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	inputs := map[string]pipeline.Artifact{"model": model, "data": data}
	for _, epsilon := range []float64{0.01, 0.02, 0.031} {
		t.Log(epsilon, metrics(t, attack(t, PGD(), inputs, pipeline.Cell{}, func(p any) { p.(*PGDParams).Epsilon = epsilon })))
	}
}
