package load

import (
	"context"
	"fmt"

	"foil/internal/artifact"
	"foil/pipeline"
	"foil/spec"
)

// SyntheticImagesParams are the parameters of load/synthetic-images.
type SyntheticImagesParams struct {
	Classes       int     `yaml:"classes" min:"2" max:"100"`
	Size          int     `yaml:"size" min:"16" max:"64" unit:"pixels"`
	PerClassTrain int     `yaml:"per_class_train" min:"1" max:"100000" unit:"images"`
	PerClassTest  int     `yaml:"per_class_test" min:"1" max:"100000" unit:"images"`
	Noise         float64 `yaml:"noise" min:"0" max:"1"`
}

var syntheticImagesParams = &spec.Params[SyntheticImagesParams]{
	Defaults: func() SyntheticImagesParams {
		return SyntheticImagesParams{Classes: 10, Size: 32, PerClassTrain: 100, PerClassTest: 20, Noise: 0.05}
	},
	Docs: spec.Docs{
		"classes":         "number of classes",
		"size":            "height and width of the images; a multiple of 8",
		"per_class_train": "training images of each class",
		"per_class_test":  "test images of each class",
		"noise":           "standard deviation of the pixel noise, as a share of the range from black to white",
	},
	Check: (*SyntheticImagesParams).check,
}

func (p *SyntheticImagesParams) check(report spec.Reporter) {
	if p.Size%8 != 0 {
		report("size", "%d is not a multiple of 8; the next larger one is %d", p.Size, (p.Size/8+1)*8)
	}
}

// SyntheticImages generates textures whose classes a network can learn.
func SyntheticImages() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "load/synthetic-images",
		Version: 1,
		Doc: "Generates images of coloured textures, from the seed. " +
			"A class is a pair of wave patterns from a small set, so that no single pattern identifies the class. " +
			"The phase of each wave differs from image to image. Noise and a stronger wave, which belongs to no class, are added. " +
			"A network needs some epochs to learn the classes. Changes of a few grey levels per pixel mislead a network " +
			"that was not trained against such changes. Classes alternate.",
		Output: artifact.TypeImages,
		Files:  imagesFiles("texture N"),
		Draws:  true,
		Cost:   pipeline.Cost{Times: []string{"classes", "per_class_train"}, Like: []string{"size"}},
	}, syntheticImagesParams, pipeline.Work[SyntheticImagesParams]{
		Run: func(ctx context.Context, cell *pipeline.Cell, p *SyntheticImagesParams) error {
			m, err := synthesizeImages(ctx, p, cell.Seed)
			if err != nil {
				return err
			}
			return m.Write(cell.Create)
		},
	})
}

func synthesizeImages(ctx context.Context, p *SyntheticImagesParams, seed uint64) (*artifact.Images, error) {
	m := &artifact.Images{Shape: artifact.Shape{Channels: channels, Height: p.Size, Width: p.Size}}
	for class := range p.Classes {
		m.Classes = append(m.Classes, fmt.Sprintf("texture %d", class+1))
	}
	painter := newPainter(p, seed)
	var err error
	if m.Train, err = painter.images(ctx, seed, "train", p.PerClassTrain); err != nil {
		return nil, err
	}
	m.Test, err = painter.images(ctx, seed, "test", p.PerClassTest)
	return m, err
}
