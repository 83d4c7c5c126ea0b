// Package images holds the stages that attack image classifiers.
package images

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute"

	"foil/internal/tables"
	"foil/models/backend"
	"foil/models/l2l"
	"foil/models/random"
	"foil/pipeline"
	"foil/stages/classifierfile"
)

// batch is how many images are attacked at once.
const batch = 100

// A victim is a classifier under attack, with the test images.
type victim struct {
	*l2l.Evaluator
	config     classifierfile.Config
	checkpoint string
	backend    compute.Backend
	pixels     []float32 // image after image, in [0, 1]
	labels     []int32
	cell       *pipeline.Cell
}

func (c *Common) open(cell *pipeline.Cell, checkpoint string) (*victim, error) {
	m, err := tables.ReadImages(cell.Inputs["data"].Path)
	if err != nil {
		return nil, err
	}
	n := c.Images
	if n == 0 {
		n = m.Test.Len()
	}
	if n == 0 || n > m.Test.Len() {
		return nil, fmt.Errorf("images is %d, and the data has %d test images", n, m.Test.Len())
	}
	v := &victim{checkpoint: checkpoint, cell: cell, labels: m.Test.Label[:n], pixels: make([]float32, n*m.Shape.Size())}
	for i, b := range m.Test.Pixels[:len(v.pixels)] {
		v.pixels[i] = float32(b) / 255
	}
	if v.backend, err = backend.Open(cell.Backend, cell.Cores); err != nil {
		return nil, err
	}
	v.Evaluator, v.config, err = v.classifier("model", m)
	return v, err
}

// classifier opens the one that an input holds.
func (v *victim) classifier(input string, m *tables.Images) (*l2l.Evaluator, classifierfile.Config, error) {
	a := v.cell.Inputs[input]
	config, err := classifierfile.ReadConfig(a)
	if err == nil {
		err = config.For(v.cell.Inputs["data"])
	}
	if err == nil && (config.Image != m.Shape || config.Classes != len(m.Classes)) {
		err = fmt.Errorf("the classifier takes images of %v and knows %d classes; the data has images of %v and %d classes",
			config.Image, config.Classes, m.Shape, len(m.Classes))
	}
	if err != nil {
		return nil, config, fmt.Errorf("%s: %w", input, err)
	}
	trained, err := classifierfile.Open(v.backend, a, config, v.checkpoint)
	if err != nil {
		return nil, config, fmt.Errorf("%s: %w", input, err)
	}
	e, err := l2l.NewEvaluator(l2l.EvaluatorConfig{
		Network: trained.Network, Shape: [3]int{m.Shape.Channels, m.Shape.Height, m.Shape.Width},
		Batch: min(len(v.labels), batch), Backend: v.backend,
	}, trained.Weights)
	return e, config, err
}

// start draws where an attack starts, relative to the images.
func (v *victim) start(kind string, epsilon float64, try int) []float32 {
	noise := make([]float32, len(v.pixels))
	r := rand.New(random.Source(v.cell.Seed, fmt.Sprintf("start/%d", try)))
	switch kind {
	case "uniform":
		random.Uniform(r, noise, epsilon)
	case "normal":
		random.Normal(r, noise, 0.001)
	}
	return noise
}

// judge says what the classifier takes images for.
func (v *victim) judge(ctx context.Context, pixels []float32) ([]l2l.Verdict, error) {
	logits, err := v.Logits(ctx, pixels)
	if err != nil {
		return nil, err
	}
	return l2l.Verdicts(logits, v.labels[:len(pixels)/v.size()]), nil
}

func (v *victim) size() int { return v.config.Image.Size() }
