package backend

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/testenv"
)

// TestOnlyWhatIsNeededIsHandedOn derives a product in one of its factors alone, and
// chooses by a constant.
func TestOnlyWhatIsNeededIsHandedOn(t *testing.T) {
	b, err := Open(Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	build := func(in []*graph.Node) []*graph.Node {
		x, y := in[0], in[1]
		chosen := graph.Where(graph.Const(x.Graph(), true), graph.Mul(x, y), graph.Exp(y))
		loss := graph.ReduceAllSum(graph.Mul(chosen, graph.Iota(x.Graph(), shapes.Make(dtypes.Float32, 1, 3), 1)))
		return []*graph.Node{graph.Gradient(loss, x)[0], y, graph.Identity(loss), loss}
	}
	x := tensors.FromFlatDataAndDimensions([]float32{1, 2, 3}, 1, 3)
	y := tensors.FromFlatDataAndDimensions([]float32{4, 5, 6}, 1, 3)
	whole, wanted := runAndCount(t, b, build, x, y)
	needed, got := runAndCount(t, b, onlyNeeded(build), x, y)
	for i := range wanted {
		if !slices.Equal(got[i], wanted[i]) {
			t.Errorf("output %d is %v, want %v", i, got[i], wanted[i])
		}
	}
	if n := needed[graph.NodeTypeIdentity]; n != 1 {
		t.Errorf("%d identities are handed on, want one, of the output that is an input", n)
	}
	for _, unused := range []graph.NodeType{graph.NodeTypeExp, graph.NodeTypeWhere} {
		if whole[unused] == 0 || needed[unused] > 0 {
			t.Errorf("%s: %d are handed on of %d, want none of some", unused, needed[unused], whole[unused])
		}
	}
	if needed[graph.NodeTypeMul] >= whole[graph.NodeTypeMul] {
		t.Errorf("all %d products are handed on, also those that only a gradient in y needs", needed[graph.NodeTypeMul])
	}
}

// TestOutputsMayBeInputs: ONNX Runtime gives zeros for them by itself.
func TestOutputsMayBeInputs(t *testing.T) {
	b, err := Open(testenv.Backend(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	exec, err := Compile(b, func(in []*graph.Node) []*graph.Node { return in })
	if err != nil {
		t.Fatal(err)
	}
	out, err := Run(exec, tensors.FromFlatDataAndDimensions([]float32{1, 2}, 2))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Copy(out[0]); err != nil || !slices.Equal(got, []float32{1, 2}) {
		t.Errorf("an output that is the input 1, 2 is %v (error %v)", got, err)
	}
}

// runAndCount runs a graph; it gives the number of nodes of each type, and the outputs.
func runAndCount(t *testing.T, b compute.Backend, build func(in []*graph.Node) []*graph.Node, in ...any) (counts map[graph.NodeType]int, values [][]float32) {
	t.Helper()
	counts = map[graph.NodeType]int{}
	exec, err := graph.NewExec(b, func(in []*graph.Node) []*graph.Node {
		out := build(in)
		for _, n := range in[0].Graph().Nodes() {
			counts[n.Type()]++
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := Run(exec, in...)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range out {
		v, err := Copy(x)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return counts, values
}
