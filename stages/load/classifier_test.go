package load

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/classifiers"
	"foil/internal/kindtest"
	"foil/internal/safetensors"
	"foil/models/backend"
	"foil/models/nn"
	"foil/pipeline"
)

// checkpoint writes weights of a narrow ResNet-9 as edit leaves them.
func checkpoint(t *testing.T, edit func([]safetensors.Tensor) []safetensors.Tensor) (dir string, want []safetensors.Tensor) {
	t.Helper()
	network, err := classifiers.Network{Name: "resnet-9", Width: 2}.Build(artifact.Shape{Channels: 3, Height: 16, Width: 16}, 4)
	if err != nil {
		t.Fatal(err)
	}
	b, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	w, err := nn.NewWeights(b, network.Params, 1, "test")
	if err != nil {
		t.Fatal(err)
	}
	if want, err = classifiers.CopyTensors(w); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := safetensors.Write(&text, edit(append([]safetensors.Tensor(nil), want...))); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "weights.safetensors"), text.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir, want
}

func loadedFrom(t *testing.T, dir string, notes *[]string) (pipeline.Artifact, error) {
	t.Helper()
	p := classifierParams.New()
	p.File, p.Network, p.Classes, p.Size = "weights.safetensors", classifiers.Network{Name: "resnet-9", Width: 2}, 4, 16
	sources, err := findClassifier(t.Context(), &pipeline.Env{DataDir: dir}, p)
	if err != nil {
		return pipeline.Artifact{}, err
	}
	return kindtest.Run(t, Classifier(), p, &pipeline.Cell{Sources: sources, OnNote: func(text string) { *notes = append(*notes, text) }})
}

// Names may be those of the network, or have before them what DataParallel puts there.
func TestWeightsFromElsewhereAreTakenByName(t *testing.T) {
	for _, wrapper := range []string{"", "module."} {
		counter := safetensors.Tensor{Name: "conv1.bn1.num_batches_tracked", I64: []int64{3}}
		dir, want := checkpoint(t, func(w []safetensors.Tensor) []safetensors.Tensor {
			w = append(w, counter)
			for i := range w {
				w[i].Name = wrapper + w[i].Name
			}
			return w
		})
		var notes []string
		a, err := loadedFrom(t, dir, &notes)
		if err != nil {
			t.Fatalf("names with %q before them: %v", wrapper, err)
		}
		if len(notes) != 1 || !strings.Contains(notes[0], counter.Name) {
			t.Errorf("notes %q, want one about the tensor that is not used", notes)
		}
		path, err := a.Path("best.safetensors")
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := safetensors.Write(&text, want); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, text.Bytes()) {
			t.Errorf("names with %q before them: the weights are not those of the file (%v)", wrapper, err)
		}
	}
}

// TestLoadedClassifierIsPinned holds the artifact, in which nothing is computed. When
// it changes, raise the kind's Version.
func TestLoadedClassifierIsPinned(t *testing.T) {
	dir, _ := checkpoint(t, func(w []safetensors.Tensor) []safetensors.Tensor { return w })
	a, err := loadedFrom(t, dir, new([]string))
	if err != nil {
		t.Fatal(err)
	}
	const want = "80e376ead07a4ad06bcc5976fa6e63c3e216a66b76c27d8d57845e1d1a9f9072"
	if got := a.Digest().String(); got != want {
		t.Errorf("digest %s, want %s; has Version been raised?", got, want)
	}
}

// doubles makes the file's tensors of 64-bit integers ones of F64, which foil does not
// write.
func doubles(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "weights.safetensors")
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, bytes.ReplaceAll(text, []byte(`"I64"`), []byte(`"F64"`)), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnUnusedTensorOfATypeThatIsNotReadIsNoted(t *testing.T) {
	dir, _ := checkpoint(t, func(w []safetensors.Tensor) []safetensors.Tensor {
		return append(w, safetensors.Tensor{Name: "extra", Shape: []int{2}, I64: []int64{1, 2}})
	})
	doubles(t, dir)
	var notes []string
	if _, err := loadedFrom(t, dir, &notes); err != nil || len(notes) != 1 || !strings.Contains(notes[0], "extra") {
		t.Errorf("error %v, notes %q; want one about the tensor that is not used", err, notes)
	}
}

func TestAllTensorsThatCannotBeTakenAreNamed(t *testing.T) {
	dir, _ := checkpoint(t, func(w []safetensors.Tensor) []safetensors.Tensor {
		for i := range w {
			switch x := &w[i]; x.Name {
			case "fc.bias":
				x.Shape, x.F32 = []int{2}, []float32{1, 2}
			case "fc.weight":
				x.Name = "linear.weight"
			case "conv1.bn1.bias":
				x.F32, x.I32 = nil, make([]int32, len(x.F32))
			case "conv1.bn1.weight":
				x.F32, x.I64 = nil, make([]int64, len(x.F32))
			}
		}
		return w
	})
	doubles(t, dir)
	var notes []string
	_, err := loadedFrom(t, dir, &notes)
	for _, want := range []string{
		"weights.safetensors", "fc.weight is missing", "fc.bias has shape [2], not [4]",
		"conv1.bn1.bias has type I32, not F32", "conv1.bn1.weight has type F64, not F32",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// Where many names are missing, those that the file has show why.
func TestTheFilesOwnNamesAreToldWhereManyAreMissing(t *testing.T) {
	for name, c := range map[string]struct {
		rename func(i int, name string) string // "": left out
		want   string
	}{
		"others before all": {
			func(_ int, name string) string { return "state_dict." + name },
			"; the file has state_dict.block1.bn1.bias, state_dict.block1.bn1.running_mean, state_dict.block1.bn1.running_var and 39 more",
		},
		"DataParallel's and others before all": {
			func(_ int, name string) string { return "module.model." + name },
			"; the file has module.model.block1.bn1.bias, module.model.block1.bn1.running_mean, module.model.block1.bn1.running_var and 39 more",
		},
		"others before four": {
			func(i int, name string) string { return map[bool]string{true: "ema."}[i < 4] + name },
			"; the file also has ema.conv1.bn1.bias, ema.conv1.bn1.running_mean, ema.conv1.bn1.running_var and 1 more",
		},
		"four left out": {
			func(i int, name string) string { return map[bool]string{true: name}[i >= 4] },
			"; the file has no others",
		},
		"others before three": {
			func(i int, name string) string { return map[bool]string{true: "ema."}[i < 3] + name },
			"",
		},
	} {
		dir, _ := checkpoint(t, func(w []safetensors.Tensor) []safetensors.Tensor {
			for i := range w {
				w[i].Name = c.rename(i, w[i].Name)
			}
			return slices.DeleteFunc(w, func(x safetensors.Tensor) bool { return x.Name == "" })
		})
		_, err := loadedFrom(t, dir, new([]string))
		if err == nil || !strings.HasSuffix(err.Error(), c.want) || strings.Contains(err.Error(), "the file") != (c.want != "") {
			t.Errorf("%s: error %v, want one that ends in %q", name, err, c.want)
		}
	}
}

func TestFewTensorsAreAllNamed(t *testing.T) {
	for want, tensors := range map[string][]safetensors.Tensor{
		"the file has no tensors": nil,
		"the file has a, b, c":    {{Name: "c"}, {Name: "b"}, {Name: "a"}},
	} {
		dir, _ := checkpoint(t, func([]safetensors.Tensor) []safetensors.Tensor {
			for i := range tensors {
				tensors[i].Shape, tensors[i].F32 = []int{1}, []float32{1}
			}
			return tensors
		})
		if _, err := loadedFrom(t, dir, new([]string)); err == nil || !strings.HasSuffix(err.Error(), "; "+want) {
			t.Errorf("error %v, want one that ends in %q", err, want)
		}
	}
}

func TestWeightsThatAreNoNumbersAreNamed(t *testing.T) {
	dir, _ := checkpoint(t, func(w []safetensors.Tensor) []safetensors.Tensor {
		for i := range w {
			switch w[i].Name {
			case "fc.bias":
				w[i].F32[1] = float32(math.NaN())
			case "conv1.bn1.running_var":
				w[i].F32[0] = float32(math.Inf(1))
			}
		}
		return w
	})
	_, err := loadedFrom(t, dir, new([]string))
	for _, want := range []string{"fc.bias has NaN or infinity", "conv1.bn1.running_var has NaN or infinity"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestMissingWeightsAreTold(t *testing.T) {
	var notes []string
	if _, err := loadedFrom(t, t.TempDir(), &notes); err == nil || !strings.Contains(err.Error(), "weights cannot be read") {
		t.Errorf("error %v, want that the weights cannot be read", err)
	}
}
