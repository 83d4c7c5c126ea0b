package load

import (
	"context"
	"fmt"
	"strings"

	"foil/internal/artifact"
	"foil/internal/dataset"
	"foil/pipeline"
	"foil/spec"
)

// CIFARParams are the parameters of load/cifar-10.
type CIFARParams struct {
	PerClassTrain int `yaml:"per_class_train" min:"0" unit:"images"`
	PerClassTest  int `yaml:"per_class_test" min:"0" unit:"images"`
}

var cifarParams = &spec.Params[CIFARParams]{
	Docs: spec.Docs{
		"per_class_train": "number of training images of each class; the first ones of the files are used. 0: all",
		"per_class_test":  "number of test images of each class; the first ones of the files are used. 0: all",
	},
}

// CIFAR100Params are the parameters of load/cifar-100.
type CIFAR100Params struct {
	CIFARParams
	Labels string `yaml:"labels" oneof:"fine,coarse"`
}

var cifar100Params = &spec.Params[CIFAR100Params]{
	Defaults: func() CIFAR100Params { return CIFAR100Params{Labels: "fine"} },
	Docs:     spec.Docs{"labels": "labels of the images: 100 fine classes, or 20 coarse classes with five fine ones each"},
	Nested:   []spec.Described{cifarParams},
}

// CIFAR10 loads CIFAR-10 from a local copy or from its publisher.
func CIFAR10() pipeline.Kind { return cifar10(dataset.Downloader{}, dataset.CIFAR10) }

// CIFAR100 loads CIFAR-100 from a local copy or from its publisher.
func CIFAR100() pipeline.Kind { return cifar100(dataset.Downloader{}, dataset.CIFAR100) }

// cifar10 takes the download and its source as arguments, so that a test can replace them.
func cifar10(d dataset.Downloader, set dataset.CIFAR) pipeline.Kind {
	from := cifarSource(d, set)
	return pipeline.Define(cifarKind("load/cifar-10", "CIFAR-10, 60,000 photographs of ten classes",
		"cifar-10-binary.tar.gz, a folder cifar-10-batches-bin"), cifarParams, pipeline.Work[CIFARParams]{
		Sources: func(ctx context.Context, env *pipeline.Env, _ *CIFARParams) ([]pipeline.Source, error) {
			return from.find(ctx, env)
		},
		Run: func(ctx context.Context, cell *pipeline.Cell, p *CIFARParams) error {
			return runCIFAR(ctx, cell, from, set, "fine", *p)
		},
	})
}

func cifar100(d dataset.Downloader, set dataset.CIFAR) pipeline.Kind {
	from := cifarSource(d, set)
	return pipeline.Define(cifarKind("load/cifar-100", "CIFAR-100, 60,000 photographs of a hundred classes",
		"cifar-100-binary.tar.gz, a folder cifar-100-binary"), cifar100Params, pipeline.Work[CIFAR100Params]{
		Sources: func(ctx context.Context, env *pipeline.Env, _ *CIFAR100Params) ([]pipeline.Source, error) {
			return from.find(ctx, env)
		},
		Run: func(ctx context.Context, cell *pipeline.Cell, p *CIFAR100Params) error {
			return runCIFAR(ctx, cell, from, set, p.Labels, p.CIFARParams)
		},
	})
}

// cifarKind returns the common part of both kinds. places names the archive and its folder.
func cifarKind(name, what, places string) pipeline.Kind {
	return pipeline.Kind{
		Name:    name,
		Version: 1,
		Doc: "Loads " + what + " in 32 x 32 pixels. " +
			"It reads " + places + ", or the files of that folder (the binary version), from --data or FOIL_DATA. " +
			"Without a data folder it downloads the original and verifies its checksum. " +
			"Images keep the order of the files.",
		Output: artifact.TypeImages,
		Files:  imagesFiles("in the order of the data set"),
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

// noteForeignImages adds a note if an unpacked copy is not the published data. Scores on other
// images, for example re-encoded ones, cannot be compared with published scores.
func noteForeignImages(cell *pipeline.Cell, set dataset.CIFAR, raw dataset.Raw) {
	if cell.Sources[0].Name != set.Folder {
		return
	}
	if foreign := set.Foreign(raw); len(foreign) > 0 {
		cell.Note("%s is not the published %s: the images differ in %s", cell.Sources[0].Path, set.Name, strings.Join(foreign, ", "))
	}
}

// firstImages returns the first images of each class. They keep their order.
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
		available := len(part.from.Pixels) / len(classes)
		each := part.each
		if each == 0 {
			each = available
		}
		if each > available {
			return nil, fmt.Errorf("%s is %d, but there are only %d images of each class; lower it, or set it to 0 for all", part.param, each, available)
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
