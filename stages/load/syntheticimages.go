package load

import (
	"context"
	"fmt"

	"foil/internal/artifact"
	"foil/pipeline"
)

// SyntheticImagesParams are the parameters of load/synthetic-images.
type SyntheticImagesParams struct {
	Classes       int     `yaml:"classes" min:"2" max:"100" doc:"how many classes there are"`
	Size          int     `yaml:"size" min:"16" max:"64" unit:"pixels" doc:"height and width of the images; a multiple of 8"`
	PerClassTrain int     `yaml:"per_class_train" min:"1" max:"100000" unit:"images" doc:"training images of each class"`
	PerClassTest  int     `yaml:"per_class_test" min:"1" max:"100000" unit:"images" doc:"test images of each class"`
	Noise         float64 `yaml:"noise" min:"0" max:"1" doc:"standard deviation of the noise of every pixel, as a share of the range from black to white"`
}

// Check reports what no single field shows.
func (p *SyntheticImagesParams) Check(report func(path, format string, args ...any)) {
	if p.Size%8 != 0 {
		report("size", "%d is not a multiple of 8; %d is the next one", p.Size, (p.Size/8+1)*8)
	}
}

// SyntheticImages makes up textures whose classes a network can learn.
func SyntheticImages() pipeline.Kind {
	return pipeline.Kind{
		Name:    "load/synthetic-images",
		Version: 1,
		Doc: "Makes up images of coloured textures, by the seed. " +
			"A class is a pair of wave patterns out of a small set, so that no single one of them tells the class; where a wave begins is another matter in every image, and over it lie a stronger wave of no class and noise. " +
			"A network needs some epochs for it, and changes of a few grey levels in every pixel mislead one that was not trained against them. Classes alternate.",
		Output: artifact.TypeImages,
		Files:  imagesFiles("texture N"),
		Params: func() any {
			return &SyntheticImagesParams{Classes: 10, Size: 32, PerClassTrain: 100, PerClassTest: 20, Noise: 0.05}
		},
		Draws: true,
		Run: func(ctx context.Context, cell *pipeline.Cell) error {
			m, err := synthesizeImages(ctx, cell.Params.(*SyntheticImagesParams), cell.Seed)
			if err != nil {
				return err
			}
			return m.Write(cell.Create)
		},
	}
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
