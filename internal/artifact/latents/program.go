package latents

import (
	"fmt"
	"path/filepath"
	"slices"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/safetensors"
	"foil/pipeline"
)

// The files in which a program may write latent vectors, beside those of foil's own form.
const (
	TableFile = "latents.arrow"
	ArrayFile = "latents.npy"
)

// FromProgram reads the latent vectors that a program wrote, by checkpoint: the table or the array,
// or the tensors that foil itself writes. Without vectors of the best checkpoint, those of the last
// stand for both. names are the files that are there.
func FromProgram(path artifact.PathFunc, names []string, split *artifact.Split) (width int, found map[string]*Latents, err error) {
	found = map[string]*Latents{}
	add := func(file, checkpoint string, best bool, v *artifact.UserVectors) error {
		parts, err := v.Place(split, best, "latent vector", artifact.Train, artifact.Validation, artifact.Test)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if width != 0 && width != v.Width {
			return fmt.Errorf("%s: the vectors have %d numbers, and those of the other checkpoint %d", file, v.Width, width)
		}
		width = v.Width
		l := &Latents{}
		for name, p := range l.parts() {
			*p = Part(parts[name])
		}
		found[checkpoint] = l
		return nil
	}
	for _, file := range names {
		p, err := path(file)
		if err != nil {
			return 0, nil, err
		}
		v, err := artifact.ReadUserVectors(p, split.Users.Len())
		if err != nil {
			return 0, nil, fmt.Errorf("%s: %w", file, err)
		}
		switch {
		case filepath.Ext(file) == ".safetensors":
			checkpoint := file[:len(file)-len(".safetensors")]
			if err := add(file, checkpoint, checkpoint == checkpoints.Best, v); err != nil {
				return 0, nil, err
			}
			continue
		case slices.Contains(v.Best, true):
			if err := add(file, checkpoints.Best, true, v); err != nil {
				return 0, nil, fmt.Errorf("%s checkpoint: %w", checkpoints.Best, err)
			}
		}
		if err := add(file, checkpoints.Last, false, v); err != nil {
			if v.Best != nil {
				err = fmt.Errorf("%s checkpoint: %w", checkpoints.Last, err)
			}
			return 0, nil, err
		}
	}
	return width, found, nil
}

// ConfigOf is what latents.json of an input says, for a program that changes latent vectors.
func ConfigOf(a pipeline.Artifact) (Config, error) { return readConfig(a) }

// IsArtifact says whether an artifact holds latent vectors.
func IsArtifact(a pipeline.Artifact) bool { return a.Has(configFile) }

// openTensors reads the tensors of a checkpoint. Vectors of a program may have only the last, which then is
// also the best.
func openTensors(a pipeline.Artifact, checkpoint string) (safetensors.File, error) {
	if best := checkpoints.Best; checkpoint == best && !a.Has(best+".safetensors") {
		checkpoint = checkpoints.Last
	}
	path, err := a.Path(checkpoint + ".safetensors")
	if err != nil {
		return nil, err
	}
	return safetensors.ReadFile(path)
}
