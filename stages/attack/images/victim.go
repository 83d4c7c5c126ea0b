// Package images holds the kinds that attack image classifiers.
//
//   - A gallery is a set of test images. A victim is a classifier under attack, at one checkpoint.
//   - A plan describes the attack of a kind on a victim.
//   - The rules are checked while an attack runs: see sanity.go.
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

// batch is the number of images that are attacked together.
const batch = classifiers.EvaluationBatch

// A gallery holds the test images under attack, and the backend that computes the attack.
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
		return nil, fmt.Errorf("images is %d, but the data has %d test images", n, m.Test.Len())
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

	// logits returns the logits of images, in evaluation mode.
	logits func(ctx context.Context, pixels []float32) ([]float32, error)
}

// open opens the classifier of an input.
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
		return nil, fmt.Errorf("the classifier is for images of %v and %d classes, but the data has images of %v and %d classes",
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

// judge returns the verdicts of the classifier on images. Their labels are the first ones of the
// gallery.
func (v *victim) judge(ctx context.Context, pixels []float32) ([]ascent.Verdict, error) {
	logits, err := v.logits(ctx, pixels)
	if err != nil {
		return nil, err
	}
	return ascent.Verdicts(logits, v.labels), nil
}
