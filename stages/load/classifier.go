package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/safetensors"
	"foil/models/backend"
	"foil/models/nn"
	"foil/pipeline"
	"foil/stages/classifierfile"
)

// ClassifierParams are the parameters of load/classifier.
type ClassifierParams struct {
	File    string                 `yaml:"file" required:"true" nonempty:"true" doc:"the weights, in safetensors, in the data folder (--data or FOIL_DATA); names and layouts as in the authors' PyTorch code, with or without DataParallel's module."`
	Network classifierfile.Network `yaml:"network" doc:"the classifier that they belong to"`
	Classes int                    `yaml:"classes" min:"2" max:"100000" doc:"how many classes it knows"`
	Size    int                    `yaml:"size" min:"8" max:"1024" unit:"pixels" doc:"height and width of its images"`
}

// Settle writes widths out.
func (p *ClassifierParams) Settle() { p.Network.Settle() }

// Check reports what no single field shows.
func (p *ClassifierParams) Check(report func(path, format string, args ...any)) {
	if !filepath.IsLocal(p.File) {
		report("file", "%q is not inside of the data folder", p.File)
	}
}

// Classifier is load/classifier.
func Classifier() pipeline.Kind {
	return pipeline.Kind{
		Name:    "load/classifier",
		Version: 1,
		Doc: "Takes the weights of a classifier that was trained elsewhere, such as a PyTorch checkpoint saved as safetensors, " +
			"so that it can be attacked here. Best and last are the same. " +
			"The weights lie in the data folder, and with a data folder nothing is downloaded: the archive or folder of CIFAR-10 or CIFAR-100 has to lie in it, too, where the experiment uses them.",
		Output: artifact.TypeClassifier,
		Files:  classifierfile.Docs,
		Params: func() any {
			return &ClassifierParams{Network: classifierfile.Network{Name: "wrn-34"}, Classes: 10, Size: 32}
		},
		Numeric: true, // the weights pass through the backend's tensors
		Sources: findClassifier,
		Run:     loadClassifier,
	}
}

func findClassifier(_ context.Context, env *pipeline.Env, params any) ([]pipeline.Source, error) {
	p := params.(*ClassifierParams)
	if env == nil || env.DataDir == "" {
		return nil, fmt.Errorf("%s is looked for in the data folder; name that with --data or FOIL_DATA", p.File)
	}
	path := filepath.Join(env.DataDir, filepath.FromSlash(p.File))
	digest, _, err := digest.OfFile(path)
	if err != nil {
		return nil, fmt.Errorf("the weights cannot be read: %w", err)
	}
	return []pipeline.Source{{Name: p.File, Digest: digest, Path: path}}, nil
}

func loadClassifier(_ context.Context, cell *pipeline.Cell) error {
	p := cell.Params.(*ClassifierParams)
	source, err := theSource(cell)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(source.Path)
	if err != nil {
		return err
	}
	if err := confirm(cell, source, digest.Of(raw)); err != nil {
		return err
	}
	file, err := safetensors.Parse(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", source.Name, err)
	}
	file = unwrapped(file)
	shape := artifact.Shape{Channels: channels, Height: p.Size, Width: p.Size}
	network, err := p.Network.Build(shape, p.Classes)
	if err != nil {
		return err
	}
	tensors, err := p.weights(cell, network, file)
	if err != nil {
		return fmt.Errorf("%s: %w", source.Name, err)
	}
	both := classifierfile.Tensors{Classifier: tensors}
	return classifierfile.Write(cell.Create, classifierfile.Classifier{
		Config: classifierfile.Config{Network: p.Network, Image: shape, Classes: p.Classes, Method: "loaded"},
		Best:   both, Last: both,
	})
}

// unwrapped is a file without what PyTorch's DataParallel puts before each name. The
// tensors know their full names.
func unwrapped(file safetensors.File) safetensors.File {
	const wrapper = "module."
	bare := safetensors.File{}
	for name, t := range file {
		rest, ok := strings.CutPrefix(name, wrapper)
		if !ok {
			return file
		}
		bare[rest] = t
	}
	return bare
}

// weights takes the network's tensors out of a file, and notes those that it has no
// use for.
func (p *ClassifierParams) weights(cell *pipeline.Cell, n *nn.Network, file safetensors.File) ([]safetensors.Tensor, error) {
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return nil, err
	}
	w, err := classifierfile.LoadWeights(b, n, file)
	if err != nil {
		return nil, err
	}
	if names := classifierfile.Unused(n, file); len(names) > 0 {
		cell.Note("%s has no use for %d tensors of %s: %s", p.Network.Name, len(names), p.File, strings.Join(names, ", "))
	}
	return classifierfile.CopyTensors(w)
}
