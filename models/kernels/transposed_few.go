package kernels

import "sync"

// fewest is the number of channels up to which a transposed convolution computes all products of a
// pixel at once: those of 16 taps with 3 channels fill 3 blocks, where each tap would take a block.
const fewest = 4

// fewOutputs is a transposed convolution to a few channels, such as colours. It is a convolution with
// a kernel of 1 to taps * channels, and sums of its values for each pixel.
type fewOutputs struct {
	channels, taps int
	product        phase
	products       sync.Pool // *[]float32, [row, column, lanes], with a border of zeros
	size           int       // of products
	sums           []fewSums // of the phases
}

// fewSums are the pixels of a phase.
type fewSums struct {
	phase   *phase
	offsets []int // of the products of a pixel
}

func newFewOutputs(t *Transposed) *fewOutputs {
	f := &fewOutputs{channels: t.Out.Channels, taps: t.Kernel * t.Kernel}
	one := []tap{{}}
	out := Layout{Channels: f.taps * f.channels, Height: t.In.Height, Width: t.In.Width}
	f.product = newPhase(t.In, out, one, one, 0, 0, 1, 1)
	lanes, border := out.blocks()*block, t.In.Border
	row := (out.Width + 2*border) * lanes
	// The sums read registers of fewest values.
	f.size = (out.Height+2*border)*row + fewest
	f.product.y = placing{border * (row + lanes), row, lanes, block, f.size}
	f.products.New = func() any {
		z := make([]float32, f.size)
		return &z
	}
	for i := range t.phases {
		s := fewSums{phase: &t.phases[i]}
		for _, ky := range s.phase.rowTaps {
			for _, kx := range s.phase.colTaps {
				s.offsets = append(s.offsets, (border+ky.at)*row+(border+kx.at)*lanes+(ky.k*t.Kernel+kx.k)*f.channels)
			}
		}
		f.sums = append(f.sums, s)
	}
	return f
}

func (f *fewOutputs) pack(weights, scale, packed []float32) {
	// [o, c, taps] as [o, taps, c].
	outputs := f.taps * f.channels
	turned := make([]float32, f.product.in.Channels*outputs)
	for o := range f.product.in.Channels {
		Transpose(weights[o*outputs:(o+1)*outputs], f.channels, f.taps, turned[o*outputs:(o+1)*outputs])
	}
	f.product.pack(source{turned, 1, 1, outputs, orOnes(nil, outputs), scale}, packed)
}

func (f *fewOutputs) image(v, packed, bias []float32, floor float32, y []float32) {
	products := f.products.Get().(*[]float32)
	defer f.products.Put(products)
	z := *products
	f.product.image(v, packed, orZeros(nil, f.product.out), NoFloor, z)
	a := sumArgs{pixel: f.product.y.pixel, start: bias, floor: floor}
	for c := range f.channels {
		a.lanes[c] = ^uint32(0)
	}
	for _, s := range f.sums {
		p := s.phase
		y := y[:p.y.size]
		a.offsets, a.pixels, a.yPixel = s.offsets, p.columns, p.y.pixel
		if bias == nil {
			a.startPixel = a.yPixel
		}
		for r := range p.rows {
			a.x, a.y = z[r*f.product.y.row:], y[p.y.first+r*p.y.row:]
			if bias == nil {
				a.start = a.y
			}
			p.level.sum(&a)
		}
	}
}
