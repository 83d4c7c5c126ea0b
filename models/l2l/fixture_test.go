package l2l

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/safetensors"
	"foil/internal/testenv"
	"foil/models/backend"
)

// The fixtures' tolerances, see their README: of a tensor's largest value.
const (
	forwardTolerance  = 1e-4
	gradientTolerance = 1e-3
	lossTolerance     = 1e-4
)

// A fixture is a case of the authors' numbers.
type fixture struct {
	tensors safetensors.File
	Hyper   hyper `json:"hyper"`
	Scalars map[string]struct {
		Value json.RawMessage `json:"value"`
	} `json:"expected_scalars"`
}

// hyper are a case's settings, of which each has some.
type hyper struct {
	Classifier, Attacker, Source, Target network
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

// network is a network as a case names it.
type network struct {
	Net           string
	Width         int
	InputChannels int `json:"input_channels"`
	Eps           float64
	Depth         int
	Widen         int `json:"widen_factor"`
	Base          int `json:"base_width"`
	Hidden        int
}

func (n network) build(t *testing.T) *Network {
	t.Helper()
	switch n.Net {
	case "attacker_slim":
		return Slim(n.InputChannels, n.Width)
	case "attacker_wide":
		return Wide(n.InputChannels, n.Width)
	case "attacker_two_layer":
		return TwoLayer(n.InputChannels, n.Width)
	case "resnet9":
		return ResNet9(n.Width, 10)
	case "resnet18":
		return ResNet18(n.Width, 10)
	case "wrn":
		return WideResNet(n.Depth, n.Widen, n.Base, 10)
	case "small_cnn":
		return SmallCNN(1, 28, n.Width, n.Hidden, 10)
	case "tiny", "tiny_bn":
		return tiny(n.Net == "tiny_bn")
	}
	t.Fatalf("the case has a network %q", n.Net)
	return nil
}

// tiny is the classifier that the fixtures of attacks and losses were trained with.
func tiny(norms bool) *Network {
	b := &builder{}
	s1, s2 := conv3x3(3, 4, 1), conv3x3(4, 8, 2)
	if !norms {
		s1, s2 = s1.withBias(), s2.withBias()
	}
	conv1, conv2 := b.conv("conv1", s1), b.conv("conv2", s2)
	norm1, norm2 := batchNorm{}, batchNorm{}
	if norms {
		norm1, norm2 = b.norm("bn1", 4, normEpsilon), b.norm("bn2", 8, normEpsilon)
	}
	head := b.dense("linear", 8, 10)
	unit := func(p *pass, c conv, n batchNorm, x parts) parts {
		x = c.apply(p, x)
		if norms {
			x = n.apply(p, x)
		}
		return p.relu(x)
	}
	return &Network{Params: b.params, head: head, features: func(p *pass, x parts) *Node {
		return p.spaceMean(unit(p, conv2, norm2, unit(p, conv1, norm1, x)))
	}}
}

func readFixture(t *testing.T, dir string) *fixture {
	t.Helper()
	f := &fixture{}
	raw, err := os.ReadFile(filepath.Join(dir, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, f); err != nil {
		t.Fatal(err)
	}
	if f.tensors, err = safetensors.ReadFile(filepath.Join(dir, "tensors.safetensors")); err != nil {
		t.Fatal(err)
	}
	return f
}

// oneCase reads the case of the given name.
func oneCase(t *testing.T, name string) *fixture {
	t.Helper()
	return readFixture(t, testenv.Cases(t, "l2l/"+name)[0])
}

// scalar reads an expected number or list into v.
func (f *fixture) scalar(t *testing.T, name string, v any) {
	t.Helper()
	s, ok := f.Scalars[name]
	if !ok {
		t.Fatalf("the case expects no scalar %q", name)
	}
	if err := json.Unmarshal(s.Value, v); err != nil {
		t.Fatal(err)
	}
}

// lookup finds weights under a prefix, as Weights.Load wants it.
func (f *fixture) lookup(prefix string) func(string) (Stored, bool) {
	return func(name string) (Stored, bool) {
		x, ok := f.tensors[prefix+name]
		return Stored{x.Type(), x.Shape, x.F32}, ok
	}
}

// weights are the case's starting weights for a network.
func (f *fixture) weights(t *testing.T, b compute.Backend, n *Network, prefix string) *Weights {
	t.Helper()
	w, err := LoadWeights(b, n.Params, f.lookup(prefix))
	if err != nil {
		t.Fatal(err)
	}
	for name := range f.tensors {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "scale_last" &&
			!slices.ContainsFunc(n.Params, func(p Param) bool { return p.Name == rest }) {
			t.Errorf("the network has no %s", rest)
		}
	}
	return w
}

// input is a tensor of the case; labels become int32.
func (f *fixture) input(t *testing.T, name string) *tensors.Tensor {
	t.Helper()
	x, ok := f.tensors[name]
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

func openBackend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := backend.Open(testenv.Backend(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// evaluate builds a graph and runs it once.
func evaluate(t testing.TB, b compute.Backend, build func(in []*Node) []*Node, in ...any) [][]float32 {
	t.Helper()
	exec, err := backend.Compile(b, build)
	if err != nil {
		t.Fatal(err)
	}
	out, err := backend.Run(exec, in...)
	if err != nil {
		t.Fatal(err)
	}
	var values [][]float32
	for _, x := range out {
		v, err := backend.Copy(x)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

// compare asks for a tolerance measured on the expected tensor's largest value.
// Expectations may be a part of the tensor, its beginning.
func (f *fixture) compare(t *testing.T, name string, got []float32, tolerance float64) {
	t.Helper()
	want, ok := f.tensors[name]
	if !ok {
		t.Fatalf("the case expects no tensor %q", name)
	}
	near(t, name, got, want.F32, tolerance)
}

func near(t *testing.T, name string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s has %d values, want %d", name, len(got), len(want))
		return
	}
	var size, worst float64
	at := 0
	for i := range want {
		size = max(size, math.Abs(float64(want[i])))
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= worst) {
			worst, at = d, i
		}
	}
	if !(worst <= tolerance*size) {
		t.Errorf("%s: value %d is %g, want %g (largest %g)", name, at, got[at], want[at], size)
	}
}

func (f *fixture) compareScalar(t *testing.T, name string, got, tolerance float64) {
	t.Helper()
	var want float64
	f.scalar(t, name, &want)
	if !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
		t.Errorf("%s is %.8g, want %.8g", name, got, want)
	}
}

// norm is the Euclidean length of all values together.
func norm(parts ...[]float32) float64 {
	var sum float64
	for _, x := range parts {
		for _, v := range x {
			sum += float64(v) * float64(v)
		}
	}
	return math.Sqrt(sum)
}

// named picks the values of a parameter from those of the trainable ones.
func named(t *testing.T, n *Network, values [][]float32, name string) []float32 {
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

// compareStatistics holds a network's running statistics against expectations that
// have the given prefix.
func (f *fixture) compareStatistics(t *testing.T, n *Network, prefix string, values [][]float32) {
	t.Helper()
	i := 0
	for _, p := range n.Params {
		if !p.Trainable {
			f.compare(t, prefix+p.Name, values[i], forwardTolerance)
			i++
		}
	}
}
