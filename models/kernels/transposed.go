package kernels

// Transposed is the transposed convolution: the gradient of the images of a convolution with the
// same kernel, stride and padding. With its weights as [in, out, k, k] it is PyTorch's
// ConvTranspose2d. The gradient of those is the WeightGradient of the convolution of its results: x is
// the gradient of the results, and v are the images of the transposed convolution.
//
// Each parity of rows and columns of the result depends on some of the taps. It is a convolution with
// stride 1 and those taps, whose pixels are written at a distance.
type Transposed struct {
	In, Out        Layout
	Kernel, Stride int
	Pad            int

	phases []phase
	few    *fewOutputs // instead of the phases, if it is not nil
}

// NewTransposed prepares the transposed convolution of images in [o channels] to images out [c
// channels]. The border of in must be zero, and wide enough for the taps that reach beyond the image:
// 1 for a kernel of 3 with padding 1, or of 4 with stride 2 and padding 1, at most kernel-1 with
// stride 1. NewTransposed panics if it is too narrow.
func NewTransposed(in, out Layout, kernel, stride, pad int) *Transposed {
	t := &Transposed{In: in, Out: out, Kernel: kernel, Stride: stride, Pad: pad}
	// The pixels first, first+stride, ... of a result depend on these taps, from the left to the right
	// in the image: pixel r of the result is in*stride + k - pad.
	taps := func(first int) (taps []tap) {
		for k := kernel - 1; k >= 0; k-- {
			if (first+pad-k)%stride == 0 {
				taps = append(taps, tap{k, (first + pad - k) / stride})
			}
		}
		return taps
	}
	for row := range min(stride, out.Height) {
		for column := range min(stride, out.Width) {
			t.phases = append(t.phases, newPhase(in, out, taps(row), taps(column), row, column, 1, stride))
		}
	}
	if out.Channels <= fewest && kernel > 1 {
		t.few = newFewOutputs(t)
	}
	return t
}

// Weights is the number of values of packed weights.
func (t *Transposed) Weights() int {
	if t.few != nil {
		return t.few.product.weights()
	}
	n := 0
	for i := range t.phases {
		n += t.phases[i].weights()
	}
	return n
}

// Pack writes weights [o, c, k, k] to packed. It multiplies those of channel o of the images In by
// scale[o], if scale is not nil.
func (t *Transposed) Pack(weights, scale, packed []float32) {
	if t.few != nil {
		t.few.pack(weights, orOnes(scale, t.In.Channels), packed)
		return
	}
	taps := t.Kernel * t.Kernel
	s := source{weights, t.Kernel, taps, t.Out.Channels * taps, orOnes(nil, t.Out.Channels), orOnes(scale, t.In.Channels)}
	for i := range t.phases {
		p := &t.phases[i]
		p.pack(s, packed[:p.weights()])
		packed = packed[p.weights():]
	}
}

// Image computes an image, as Convolution.Image does. Pixels without taps are the bias alone.
func (t *Transposed) Image(v, packed, bias []float32, floor float32, y []float32) {
	t.image(v, packed, orZeros(bias, t.Out), floor, y)
}

// ImageAdd adds an image to y.
func (t *Transposed) ImageAdd(v, packed, y []float32) { t.image(v, packed, nil, NoFloor, y) }

func (t *Transposed) image(v, packed, bias []float32, floor float32, y []float32) {
	if t.few != nil {
		t.few.image(v, packed, bias, floor, y)
		return
	}
	for i := range t.phases {
		p := &t.phases[i]
		p.image(v, packed[:p.weights()], bias, floor, y)
		packed = packed[p.weights():]
	}
}
