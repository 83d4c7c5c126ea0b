package load

import (
	"context"
	"fmt"
	"strings"

	"foil/internal/artifact"
	"foil/internal/dataset"
	"foil/pipeline"
)

// CIFARParams are the parameters of load/cifar-10.
type CIFARParams struct {
	PerClassTrain int `yaml:"per_class_train" min:"0" unit:"images" doc:"takes only so many training images of each class, the first ones in the order of the files; 0 takes all"`
	PerClassTest  int `yaml:"per_class_test" min:"0" unit:"images" doc:"likewise of the test images"`
}

// CIFAR100Params are the parameters of load/cifar-100.
type CIFAR100Params struct {
	CIFARParams
	Labels string `yaml:"labels" oneof:"fine,coarse" doc:"what an image is labelled with: one of 100 fine classes, or one of the 20 coarse ones that hold five of them each"`
}

// CIFAR10 loads CIFAR-10 from a local copy or from its publisher.
func CIFAR10() pipeline.Kind { return cifar10(dataset.Downloader{}, dataset.CIFAR10) }

// CIFAR100 loads CIFAR-100 from a local copy or from its publisher.
func CIFAR100() pipeline.Kind { return cifar100(dataset.Downloader{}, dataset.CIFAR100) }

// cifar10 takes what a test replaces: where the original comes from.
func cifar10(d dataset.Downloader, set dataset.CIFAR) pipeline.Kind {
	return pipeline.Kind{
		Name:    "load/cifar-10",
		Version: 1,
		Doc: "Loads CIFAR-10, 60,000 photographs of ten classes in 32 x 32 pixels. " +
			"It takes cifar-10-binary.tar.gz, a folder cifar-10-batches-bin or the files in it (the binary version) from --data or FOIL_DATA, else downloads the original and checks its checksum. " +
			"Images stay in the order of the files.",
		Output:  artifact.TypeImages,
		Files:   imagesFiles("in the order of the data set"),
		Params:  func() any { return &CIFARParams{} },
		Sources: cifarSource(d, set).find,
		Run: func(ctx context.Context, cell *pipeline.Cell) error {
			return runCIFAR(ctx, cell, cifarSource(d, set), set, "fine", *cell.Params.(*CIFARParams))
		},
	}
}

func cifar100(d dataset.Downloader, set dataset.CIFAR) pipeline.Kind {
	return pipeline.Kind{
		Name:    "load/cifar-100",
		Version: 1,
		Doc: "Loads CIFAR-100, 60,000 photographs of a hundred classes in 32 x 32 pixels. " +
			"It takes cifar-100-binary.tar.gz, a folder cifar-100-binary or the files in it (the binary version) from --data or FOIL_DATA, else downloads the original and checks its checksum. " +
			"Images stay in the order of the files.",
		Output:  artifact.TypeImages,
		Files:   imagesFiles("in the order of the data set"),
		Params:  func() any { return &CIFAR100Params{Labels: "fine"} },
		Sources: cifarSource(d, set).find,
		Run: func(ctx context.Context, cell *pipeline.Cell) error {
			p := cell.Params.(*CIFAR100Params)
			return runCIFAR(ctx, cell, cifarSource(d, set), set, p.Labels, p.CIFARParams)
		},
	}
}

func cifarSource(d dataset.Downloader, set dataset.CIFAR) published {
	return published{
		title: set.Name, downloader: d, original: set.Original,
		folder: set.Folder, files: set.Files(), unpack: dataset.ReadTarGz,
	}
}

func runCIFAR(ctx context.Context, cell *pipeline.Cell, from published, set dataset.CIFAR, label string, p CIFARParams) error {
	raw, err := from.read(ctx, cell)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m, err := set.Parse(raw)
	if err != nil {
		return err
	}
	from.noteForeign(cell)
	noteForeignImages(cell, set, raw)
	images, err := firstImages(m, set.LabelIndex(label), p)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return images.Write(cell.Create)
}

// noteForeignImages says so where an unpacked copy is not the published data: scores
// on others, re-encoded ones say, are not to be compared with published ones.
func noteForeignImages(cell *pipeline.Cell, set dataset.CIFAR, raw dataset.Raw) {
	if cell.Sources[0].Name != set.Folder {
		return
	}
	if foreign := set.Foreign(raw); len(foreign) > 0 {
		cell.Note("%s is not the published %s: other images are in %s", cell.Sources[0].Path, set.Name, strings.Join(foreign, ", "))
	}
}

// firstImages takes the first images of each class, in the order they have.
func firstImages(m *dataset.CIFARImages, label int, p CIFARParams) (*artifact.Images, error) {
	classes := m.Classes[label]
	images := &artifact.Images{
		Shape:   artifact.Shape{Channels: dataset.CIFARChannels, Height: dataset.CIFARSide, Width: dataset.CIFARSide},
		Classes: classes,
	}
	for _, part := range []struct {
		param string
		each  int
		from  dataset.CIFARRecords
		to    *artifact.ImageSet
	}{
		{"per_class_train", p.PerClassTrain, m.Train, &images.Train},
		{"per_class_test", p.PerClassTest, m.Test, &images.Test},
	} {
		there := len(part.from.Pixels) / len(classes)
		each := part.each
		if each == 0 {
			each = there
		}
		if each > there {
			return nil, fmt.Errorf("%s is %d, but there are only %d images of each class; lower it, or set it to 0 for all", part.param, each, there)
		}
		*part.to = first(part.from.Label[label], part.from.Pixels, each, len(classes), images.Shape.Size())
	}
	return images, nil
}

func first(labels []uint8, pixels [][]byte, each, classes, size int) artifact.ImageSet {
	out := artifact.ImageSet{Label: make([]int32, 0, each*classes), Pixels: make([]uint8, 0, each*classes*size)}
	taken := make([]int, classes)
	for i, label := range labels {
		if taken[label] == each {
			continue
		}
		taken[label]++
		out.Label = append(out.Label, int32(label))
		out.Pixels = append(out.Pixels, pixels[i]...)
	}
	return out
}
