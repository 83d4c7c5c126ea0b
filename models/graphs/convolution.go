package graphs

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
)

// CompileConvolution compiles a 3x3 convolution of images [b, c, h, w] with a kernel [o, c, 3, 3], for
// benchmarks. Its third input is the gradient of the result, [b, o, h, w]. It returns the gradients of
// the images and of the kernel, and the result.
func CompileConvolution(b compute.Backend) (*Exec, error) {
	return backend.Compile(b, func(in []*Node) []*Node {
		f := formFor(in[0])
		y := f.leave(f.convolve(f.enter(in[0]), in[1], 1, 1))
		// The gradient of a sum of products is the other factor. The sum itself is not an output,
		// so it is not computed.
		return append(Gradient(ReduceAllSum(Mul(y, in[2])), in[0], in[1]), y)
	})
}
