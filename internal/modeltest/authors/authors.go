// Package authors reads test cases with the results of the code of L2L's authors, and compares
// results with them.
package authors

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/modeltest"
	"foil/internal/safetensors"
	"foil/internal/testenv"
	"foil/models/evaluate"
	"foil/models/nn"
	"foil/models/zoo"
)

// The tolerances of the cases, see their README: of a tensor's largest value.
const (
	ForwardTolerance  = 1e-4
	GradientTolerance = 1e-3
	LossTolerance     = 1e-4
)

// A Case is a folder of the authors' numbers.
type Case struct {
	Tensors safetensors.File `json:"-"`
	Hyper   Hyper            `json:"hyper"`
	Scalars map[string]struct {
		Value json.RawMessage `json:"value"`
	} `json:"expected_scalars"`
}

// Hyper are the settings of a case. Each case sets some of them.
type Hyper struct {
	Classifier, Attacker, Source, Target Network
	FirstWeight                          string  `json:"first_weight"`
	LastWeight                           string  `json:"last_weight"`
	NumParameters                        int     `json:"num_parameters"`
	FirstConv                            string  `json:"first_conv"`
	Variant                              string  `json:"variant"`
	Epsilon                              float64 `json:"epsilon"`
	StepSize                             float64 `json:"step_size"`
	Beta                                 float64 `json:"beta"`
	AuthorsWidth                         int     `json:"authors_width"`
	Full                                 struct {
		NumParameters int               `json:"num_parameters"`
		Shapes        map[string]string `json:"state_dict_shapes"`
	} `json:"authors_full_size"`
}

// A Network is the description of a network in a case.
type Network struct {
	Net           string
	Width         int
	InputChannels int `json:"input_channels"`
	Eps           float64
	Depth         int
	Widen         int `json:"widen_factor"`
	Base          int `json:"base_width"`
	Hidden        int
}

// Build makes the network.
func (n Network) Build(t testing.TB) *nn.Network {
	t.Helper()
	switch n.Net {
	case "attacker_slim":
		return zoo.Slim(n.InputChannels, n.Width)
	case "attacker_wide":
		return zoo.Wide(n.InputChannels, n.Width)
	case "attacker_two_layer":
		return zoo.TwoLayer(n.InputChannels, n.Width)
	case "resnet9":
		return zoo.ResNet9(n.Width, 10)
	case "resnet18":
		return zoo.ResNet18(n.Width, 10)
	case "wrn":
		return zoo.WideResNet(n.Depth, n.Widen, n.Base, 10)
	case "small_cnn":
		return zoo.SmallCNN(1, 28, n.Width, n.Hidden, 10)
	case "tiny", "tiny_bn":
		return Tiny(n.Net == "tiny_bn")
	}
	t.Fatalf("the case has a network %q", n.Net)
	return nil
}

// Tiny is the classifier of the cases of attacks and losses.
func Tiny(norms bool) *nn.Network {
	b := &nn.Builder{}
	s1, s2 := nn.Conv3x3(3, 4, 1), nn.Conv3x3(4, 8, 2)
	if !norms {
		s1, s2 = s1.WithBias(), s2.WithBias()
	}
	conv1, conv2 := b.Conv("conv1", s1), b.Conv("conv2", s2)
	norm1, norm2 := nn.BatchNorm{}, nn.BatchNorm{}
	if norms {
		norm1, norm2 = b.Norm("bn1", 4, nn.NormEpsilon), b.Norm("bn2", 8, nn.NormEpsilon)
	}
	head := b.Dense("linear", 8, 10)
	unit := func(x nn.Value, c nn.Conv, n nn.BatchNorm) nn.Value {
		x = b.Apply(c, x)
		if norms {
			x = b.Apply(n, x)
		}
		return b.Apply(nn.ReLU{}, x)
	}
	b.Then(unit(unit(nn.Images, conv1, norm1), conv2, norm2), nn.SpaceMean{}, head)
	return b.Network(3)
}

// Trainables is the number of trainable parameters.
func Trainables(n *nn.Network) (count int) {
	for _, p := range n.Params {
		if p.Trainable {
			count++
		}
	}
	return count
}

// Read reads the case in a folder.
func Read(t testing.TB, dir string) *Case {
	t.Helper()
	f := ReadScalars(t, dir)
	var err error
	if f.Tensors, err = safetensors.ReadFile(filepath.Join(dir, "tensors.safetensors")); err != nil {
		t.Fatal(err)
	}
	return f
}

// ReadScalars reads a case without its tensors.
func ReadScalars(t testing.TB, dir string) *Case {
	t.Helper()
	f := &Case{}
	raw, err := os.ReadFile(filepath.Join(dir, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, f); err != nil {
		t.Fatal(err)
	}
	return f
}

// Named reads the case of the given name.
func Named(t testing.TB, name string) *Case {
	t.Helper()
	return Read(t, testenv.Cases(t, "l2l/"+name)[0])
}

// Scalar reads an expected number or list into v.
func (f *Case) Scalar(t testing.TB, name string, v any) {
	t.Helper()
	s, ok := f.Scalars[name]
	if !ok {
		t.Fatalf("the case expects no scalar %q", name)
	}
	if err := json.Unmarshal(s.Value, v); err != nil {
		t.Fatal(err)
	}
}

// Lookup returns a function for nn.LoadWeights that finds weights under a prefix.
func (f *Case) Lookup(prefix string) func(string) (nn.Stored, bool) {
	return func(name string) (nn.Stored, bool) {
		x, ok := f.Tensors[prefix+name]
		return nn.Stored{Type: x.Type(), Shape: x.Shape, Values: x.F32}, ok
	}
}

// Weights are the starting weights of the case for a network.
func (f *Case) Weights(t testing.TB, b compute.Backend, n *nn.Network, prefix string) *nn.Weights {
	t.Helper()
	w, err := nn.LoadWeights(b, n.Params, f.Lookup(prefix))
	if err != nil {
		t.Fatal(err)
	}
	for name := range f.Tensors {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "scale_last" &&
			!slices.ContainsFunc(n.Params, func(p nn.Param) bool { return p.Name == rest }) {
			t.Errorf("the network has no %s", rest)
		}
	}
	return w
}

// Input is a tensor of the case; labels become int32.
func (f *Case) Input(t testing.TB, name string) *tensors.Tensor {
	t.Helper()
	x, ok := f.Tensors[name]
	if !ok {
		t.Fatalf("the case has no tensor %q", name)
	}
	if x.I64 != nil {
		labels := make([]int32, len(x.I64))
		for i, v := range x.I64 {
			labels[i] = int32(v)
		}
		return tensors.FromFlatDataAndDimensions(labels, x.Shape...)
	}
	return tensors.FromFlatDataAndDimensions(x.F32, x.Shape...)
}

// Labels are the labels of the case as class numbers.
func (f *Case) Labels() []int32 { return f.Classes("in.y") }

// Classes are class numbers of the case.
func (f *Case) Classes(name string) (labels []int32) {
	for _, y := range f.Tensors[name].I64 {
		labels = append(labels, int32(y))
	}
	return labels
}

// Images are the images of the case of the given name, image after image.
func (f *Case) Images(name string) []float32 { return f.Tensors[name].F32 }

// Shape is the shape of its images.
func (f *Case) Shape(name string) [3]int { return [3]int(f.Tensors[name].Shape[1:]) }

// Noisy are the images of the case with noise added.
func (f *Case) Noisy(noise string) []float32 {
	out := slices.Clone(f.Tensors["in.x"].F32)
	for i, v := range f.Tensors[noise].F32 {
		out[i] += v
	}
	return out
}

// Evaluator evaluates a network of the case in batches of the given size.
func (f *Case) Evaluator(t testing.TB, b compute.Backend, n *nn.Network, prefix string, batch int) *evaluate.Evaluator {
	t.Helper()
	e, err := evaluate.New(evaluate.Config{Network: n, Shape: [3]int(f.Tensors["in.x"].Shape[1:]), Batch: batch, Frozen: true, Backend: b}, f.Weights(t, b, n, prefix))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Compare compares a tensor, with a tolerance relative to the largest expected value.
func (f *Case) Compare(t testing.TB, name string, got []float32, tolerance float64) {
	t.Helper()
	want, ok := f.Tensors[name]
	if !ok {
		t.Fatalf("the case expects no tensor %q", name)
	}
	modeltest.Near(t, name, got, want.F32, tolerance)
}

// CompareScalar compares a number.
func (f *Case) CompareScalar(t testing.TB, name string, got, tolerance float64) {
	t.Helper()
	var want float64
	f.Scalar(t, name, &want)
	if !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
		t.Errorf("%s is %.8g, want %.8g", name, got, want)
	}
}

// CompareSteps compares images that were made by steps along the sign of a gradient. One value of a
// thousand may differ by a flipped sign.
func (f *Case) CompareSteps(t testing.TB, name string, got []float32) {
	t.Helper()
	want := f.Tensors[name].F32
	if len(got) != len(want) {
		t.Fatalf("%s has %d values, want %d", name, len(got), len(want))
	}
	off := 0
	for i := range want {
		if !(math.Abs(float64(got[i])-float64(want[i])) <= 1e-5) {
			off++
		}
	}
	if off > len(want)/1000 {
		t.Errorf("%s: %d of %d values are off", name, off, len(want))
	}
}

// CompareLosses compares a list of losses.
func (f *Case) CompareLosses(t testing.TB, name string, got [][]float32) {
	t.Helper()
	var want []float32
	f.Scalar(t, name, &want)
	if len(got) != len(want) {
		t.Fatalf("%s: %d losses, want %d", name, len(got), len(want))
	}
	for i := range want {
		modeltest.Near(t, fmt.Sprintf("%s[%d]", name, i), got[i], want[i:i+1], 1e-3)
	}
}

// CompareStatistics compares a network's running statistics with the expected tensors of the given
// prefix.
func (f *Case) CompareStatistics(t testing.TB, n *nn.Network, prefix string, values [][]float32) {
	t.Helper()
	i := 0
	for _, p := range n.Params {
		if !p.Trainable {
			f.Compare(t, prefix+p.Name, values[i], ForwardTolerance)
			i++
		}
	}
}

// Value returns the values of one parameter from a list of the values of all trainable parameters.
func Value(t testing.TB, n *nn.Network, values [][]float32, name string) []float32 {
	t.Helper()
	i := 0
	for _, p := range n.Params {
		if p.Name == name {
			return values[i]
		}
		if p.Trainable {
			i++
		}
	}
	t.Fatalf("the network has no %s", name)
	return nil
}

// Wrong counts the rows of logits whose largest is not the label.
func (f *Case) Wrong(logits []float32) (n int) {
	labels := f.Labels()
	classes := len(logits) / len(labels)
	for i, label := range labels {
		row := logits[i*classes : (i+1)*classes]
		if slices.Index(row, slices.Max(row)) != int(label) {
			n++
		}
	}
	return n
}

// Bounded checks that pixels are in [0, 1] and within epsilon of x, to float32 precision. It
// returns the largest change.
func Bounded(t testing.TB, name string, attacked, x []float32, epsilon float64) (largest float64) {
	t.Helper()
	if len(attacked) != len(x) {
		t.Fatalf("%s: %d values, want %d", name, len(attacked), len(x))
	}
	for i, v := range attacked {
		if !(v >= 0 && v <= 1) {
			t.Fatalf("%s: value %d is %g", name, i, v)
		}
		largest = max(largest, math.Abs(float64(v)-float64(x[i])))
	}
	if largest > epsilon+1e-7 {
		t.Errorf("%s: a change of %g", name, largest)
	}
	return largest
}
