package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/classifiers"
	"foil/internal/dataset"
	"foil/internal/digest"
	"foil/internal/safetensors"
	"foil/models/backend"
	"foil/models/nn"
	"foil/pipeline"
	"foil/spec"
)

// ClassifierParams are the parameters of load/classifier.
type ClassifierParams struct {
	File    string              `yaml:"file" required:"true"`
	Network classifiers.Network `yaml:"network"`
	Classes int                 `yaml:"classes" min:"2" max:"100000"`
	Size    int                 `yaml:"size" min:"8" max:"1024" unit:"pixels"`
}

var classifierParams = &spec.Params[ClassifierParams]{
	Defaults: func() ClassifierParams {
		return ClassifierParams{Network: classifiers.Network{Name: "wrn-34"}, Classes: 10, Size: 32}
	},
	Docs: spec.Docs{
		"file": "safetensors file with the weights, inside the data folder (--data or FOIL_DATA). " +
			"Names and layouts of tensors are those of the authors' PyTorch code. " +
			"The prefix that DataParallel adds to names (module.) is allowed.",
		"network": "network that the weights belong to",
		"classes": "number of classes",
		"size":    "height and width of the images",
	},
	Nested: []spec.Described{classifiers.NetworkParams},
	Check:  (*ClassifierParams).check,
}

func (p *ClassifierParams) check(report spec.Reporter) {
	if !filepath.IsLocal(p.File) {
		report("file", "%q is not inside the data folder; write the path from that folder", p.File)
	}
}

// Classifier is load/classifier.
func Classifier() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "load/classifier",
		Version: 2,
		Doc: "Loads the weights of a classifier that was trained elsewhere, for attacks on it. " +
			"An example is a PyTorch checkpoint saved as safetensors. The best and last checkpoints are the same. " +
			"The weights must be in the data folder. With a data folder nothing is downloaded: " +
			"if the experiment uses CIFAR-10 or CIFAR-100, put its archive or folder there, too.",
		Output:  artifact.TypeClassifier,
		Files:   classifiers.Docs(),
		Numeric: true, // the weights pass through the backend's tensors
	}, classifierParams, pipeline.Work[ClassifierParams]{Sources: findClassifier, Run: loadClassifier})
}

func findClassifier(ctx context.Context, env *pipeline.Env, p *ClassifierParams) ([]pipeline.Source, error) {
	if env == nil || env.DataDir == "" {
		return nil, fmt.Errorf("%s must be in a data folder, and none is given; name it with --data or FOIL_DATA", p.File)
	}
	path := filepath.Join(env.DataDir, filepath.FromSlash(p.File))
	digest, err := dataset.FileDigest(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("the weights cannot be read: %w", err)
	}
	return []pipeline.Source{{Name: p.File, Digest: digest, Path: path}}, nil
}

func loadClassifier(_ context.Context, cell *pipeline.Cell, p *ClassifierParams) error {
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
	both := checkpoints.Weights{checkpoints.Model: tensors}
	return checkpoints.Write(cell.Create, checkpoints.Result{
		Training: checkpoints.Training{KindVersion: cell.By},
		Config:   classifiers.Config{Network: p.Network, Image: shape, Classes: p.Classes, Method: "loaded"},
		Best:     both, Last: both,
	})
}

// unwrapped returns a file without the prefix that PyTorch's DataParallel adds to each name. The
// tensors themselves keep their full names.
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

// weights reads the network's tensors from a file, and adds a note about tensors that the network
// does not use.
func (p *ClassifierParams) weights(cell *pipeline.Cell, n *nn.Network, file safetensors.File) ([]safetensors.Tensor, error) {
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return nil, err
	}
	w, err := classifiers.LoadWeights(b, n, file)
	if err != nil {
		return nil, err
	}
	if names := classifiers.Unused(n, file); len(names) > 0 {
		cell.Note("%s does not use %d tensors of %s: %s", p.Network.Name, len(names), p.File, strings.Join(names, ", "))
	}
	return classifiers.CopyTensors(w)
}
