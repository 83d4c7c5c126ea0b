// Package images holds the stages that attack image classifiers.
//
//   - A gallery is the test images; a victim is a classifier at one checkpoint, under
//     attack on them.
//   - A plan is how a kind attacks a victim.
//   - The rules are what every attack is held to while it runs: see sanity.go.
package images

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"

	"foil/internal/artifact"
	"foil/internal/classifiers"
	"foil/models/ascent"
	"foil/models/backend"
	"foil/models/nn"
	"foil/pipeline"
)

// batch is how many images are attacked at once.
const batch = classifiers.EvaluationBatch

// A gallery is the test images that are attacked, and what that is computed with.
type gallery struct {
	cell    *pipeline.Cell
	backend compute.Backend
	shape   artifact.Shape
	classes int
	pixels  []float32 // image after image, in [0, 1]
	labels  []int32
}

func (c *Common) gallery(cell *pipeline.Cell) (*gallery, error) {
	m, err := artifact.ReadImages(cell.Inputs["data"].Path)
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
	g := &gallery{cell: cell, shape: m.Shape, classes: len(m.Classes), labels: m.Test.Label[:n], pixels: m.Test.Values(n, m.Shape)}
	g.backend, err = backend.Open(cell.Backend, cell.Cores)
	return g, err
}

// A victim is a classifier under attack.
type victim struct {
	*gallery
	*ascent.Target
	weights    *nn.Weights
	checkpoint string

	// logits is how the classifier is asked.
	logits func(ctx context.Context, pixels []float32) ([]float32, error)
}

// open opens the classifier that an input holds.
func (g *gallery) open(input, checkpoint string) (*victim, error) {
	v, err := g.classifier(g.cell.Inputs[input], checkpoint)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", input, err)
	}
	return v, nil
}

func (g *gallery) classifier(a pipeline.Artifact, checkpoint string) (*victim, error) {
	saved, err := classifiers.Read(a)
	if err == nil {
		err = saved.For(g.cell.Inputs["data"])
	}
	if err != nil {
		return nil, err
	}
	if saved.Image != g.shape || saved.Classes != g.classes {
		return nil, fmt.Errorf("the classifier takes images of %v and knows %d classes; the data has images of %v and %d classes",
			saved.Image, saved.Classes, g.shape, g.classes)
	}
	trained, err := saved.Open(g.backend, checkpoint)
	if err != nil {
		return nil, err
	}
	e, err := trained.Evaluator(g.backend, g.shape, len(g.labels), true)
	if err != nil {
		return nil, err
	}
	target, err := ascent.NewTarget(e)
	if err != nil {
		return nil, err
	}
	return &victim{gallery: g, Target: target, weights: trained.Weights, checkpoint: checkpoint, logits: e.Logits}, nil
}

// judge says what the classifier takes images for, which have the gallery's labels
// from the first on.
func (v *victim) judge(ctx context.Context, pixels []float32) ([]ascent.Verdict, error) {
	logits, err := v.logits(ctx, pixels)
	if err != nil {
		return nil, err
	}
	return ascent.Verdicts(logits, v.labels), nil
}
