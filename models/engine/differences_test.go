package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"foil/models/backend"
	"foil/models/engine"
	"foil/models/nn"
)

// A plane64 is a batch in float64, [b, c, h, w].
type plane64 struct {
	b, c, h, w int
	x          []float64
}

func (p plane64) at(b, c, h, w int) *float64 { return &p.x[((b*p.c+c)*p.h+h)*p.w+w] }

func newPlane(b, c, h, w int) plane64 { return plane64{b, c, h, w, make([]float64, b*c*h*w)} }

// each calls f for every value.
func (p plane64) each(f func(b, c, h, w int, v *float64)) plane64 {
	for b := range p.b {
		for c := range p.c {
			for h := range p.h {
				for w := range p.w {
					f(b, c, h, w, p.at(b, c, h, w))
				}
			}
		}
	}
	return p
}

// apply64 is a layer by its definition, in training mode.
func apply64(l nn.Layer, params [][]float64, in []plane64) plane64 {
	x := in[0]
	same := func(f func(c int, v float64) float64) plane64 {
		return newPlane(x.b, x.c, x.h, x.w).each(func(b, c, h, w int, v *float64) { *v = f(c, *x.at(b, c, h, w)) })
	}
	switch l := l.(type) {
	case nn.Conv:
		y := newPlane(x.b, l.Out, (x.h+2*l.Pad-l.Kernel)/l.Stride+1, (x.w+2*l.Pad-l.Kernel)/l.Stride+1)
		return y.each(func(b, o, h, w int, v *float64) {
			if l.Bias >= 0 {
				*v = params[l.Bias][o]
			}
			for i := range x.c {
				for t := range l.Kernel * l.Kernel {
					r, s := h*l.Stride+t/l.Kernel-l.Pad, w*l.Stride+t%l.Kernel-l.Pad
					if r >= 0 && r < x.h && s >= 0 && s < x.w {
						*v += *x.at(b, i, r, s) * params[l.Weight][(o*x.c+i)*l.Kernel*l.Kernel+t]
					}
				}
			}
		})
	case nn.Deconv:
		y := newPlane(x.b, l.Out, 2*x.h, 2*x.w)
		x.each(func(b, i, h, w int, v *float64) {
			for o := range l.Out {
				for t := range 16 {
					if r, s := 2*h+t/4-1, 2*w+t%4-1; r >= 0 && r < y.h && s >= 0 && s < y.w {
						*y.at(b, o, r, s) += *v * params[l.Weight][(i*l.Out+o)*16+t]
					}
				}
			}
		})
		return y
	case nn.BatchNorm:
		n := float64(x.b * x.h * x.w)
		mean, variance := make([]float64, x.c), make([]float64, x.c)
		x.each(func(_, c, _, _ int, v *float64) { mean[c] += *v / n })
		x.each(func(_, c, _, _ int, v *float64) { variance[c] += (*v - mean[c]) * (*v - mean[c]) / n })
		return same(func(c int, v float64) float64 {
			v = (v - mean[c]) / math.Sqrt(variance[c]+l.Epsilon)
			if l.Scale >= 0 {
				v = v*params[l.Scale][c] + params[l.Shift][c]
			}
			return v
		})
	case nn.ReLU:
		return same(func(_ int, v float64) float64 { return max(v, 0) })
	case nn.PReLU:
		return same(func(_ int, v float64) float64 { return max(v, 0) + params[l.Slope][0]*min(v, 0) })
	case nn.Tanh:
		return same(func(_ int, v float64) float64 { return math.Tanh(params[l.Scale][0] * v) })
	case nn.Add:
		return newPlane(x.b, x.c, x.h, x.w).each(func(b, c, h, w int, v *float64) { *v = *x.at(b, c, h, w) + *in[1].at(b, c, h, w) })
	case nn.Join:
		return newPlane(x.b, x.c+in[1].c, x.h, x.w).each(func(b, c, h, w int, v *float64) {
			if c < x.c {
				*v = *x.at(b, c, h, w)
			} else {
				*v = *in[1].at(b, c-x.c, h, w)
			}
		})
	case nn.MaxPool:
		return newPlane(x.b, x.c, x.h/l.Size, x.w/l.Size).each(func(b, c, h, w int, v *float64) {
			*v = math.Inf(-1)
			for t := range l.Size * l.Size {
				*v = max(*v, *x.at(b, c, h*l.Size+t/l.Size, w*l.Size+t%l.Size))
			}
		})
	case nn.SpaceMean:
		y := newPlane(x.b, x.c, 1, 1)
		x.each(func(b, c, _, _ int, v *float64) { *y.at(b, c, 0, 0) += *v / float64(x.h*x.w) })
		return y
	case nn.Flatten:
		return plane64{x.b, x.c * x.h * x.w, 1, 1, x.x}
	case nn.Dense:
		return newPlane(x.b, l.Out, 1, 1).each(func(b, o, _, _ int, v *float64) {
			*v = params[l.Bias][o]
			for i := range l.In {
				*v += *x.at(b, i, 0, 0) * params[l.Weight][o*l.In+i]
			}
		})
	case nn.Drop:
		return same(func(_ int, v float64) float64 { return v })
	}
	panic(fmt.Sprintf("no definition of %T", l))
}

// TestGradientsAreThoseOfDifferences holds every block of layers against differences in float64: the
// gradients in some pixels, and in some values of every parameter.
func TestGradientsAreThoseOfDifferences(t *testing.T) {
	be, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	const images, channels, size = 3, 3, 6
	blocks := map[string]func(b *nn.Builder) nn.Value{
		"conv":       func(b *nn.Builder) nn.Value { return b.Apply(b.Conv("c", nn.Conv3x3(3, 5, 1).WithBias()), nn.Images) },
		"conv, few":  func(b *nn.Builder) nn.Value { return b.Apply(b.Conv("c", nn.Conv3x3(3, 2, 2)), nn.Images) },
		"1x1":        func(b *nn.Builder) nn.Value { return b.Apply(b.Conv("c", nn.Conv1x1(3, 18, 2)), nn.Images) },
		"deconv":     func(b *nn.Builder) nn.Value { return b.Apply(b.Deconv("d", 3, 4), nn.Images) },
		"norm":       func(b *nn.Builder) nn.Value { return b.Apply(b.Norm("n", 3, 1e-3), nn.Images) },
		"norm, ReLU": func(b *nn.Builder) nn.Value { return b.Then(nn.Images, b.Norm("n", 3, 1e-3), nn.ReLU{}) },
		"norm, PReLU": func(b *nn.Builder) nn.Value {
			return b.Then(nn.Images, b.PlainNorm("n", 3), b.PReLU("p"))
		},
		"conv, norm, ReLU": func(b *nn.Builder) nn.Value {
			return b.Then(nn.Images, b.Conv("c", nn.Conv3x3(3, 17, 1)), b.Norm("n", 17, 1e-3), nn.ReLU{})
		},
		"conv, ReLU": func(b *nn.Builder) nn.Value {
			return b.Then(nn.Images, b.Conv("c", nn.Conv3x3(3, 4, 1).WithBias()), nn.ReLU{})
		},
		"PReLU": func(b *nn.Builder) nn.Value { return b.Apply(b.PReLU("p"), nn.Images) },
		"tanh": func(b *nn.Builder) nn.Value {
			return b.Apply(nn.Tanh{Scale: b.Trainable("s", nn.Constant(1.5), 1)}, nn.Images)
		},
		"pool": func(b *nn.Builder) nn.Value { return b.Apply(nn.MaxPool{Size: 2}, nn.Images) },
		"residual block": func(b *nn.Builder) nn.Value {
			y := b.Then(nn.Images, b.Conv("c", nn.Conv3x3(3, 3, 1)), b.Norm("n", 3, 1e-3))
			return b.Then(b.Apply(nn.Add{}, nn.Images, y), nn.ReLU{})
		},
		"join": func(b *nn.Builder) nn.Value {
			return b.Apply(nn.Join{}, b.Apply(b.Conv("c", nn.Conv3x3(3, 16, 1)), nn.Images), nn.Images)
		},
		"mean, dense": func(b *nn.Builder) nn.Value {
			return b.Then(nn.Images, nn.SpaceMean{}, b.Dense("d", 3, 7), nn.ReLU{}, nn.Drop{})
		},
		"flatten, dense": func(b *nn.Builder) nn.Value { return b.Then(nn.Images, nn.Flatten{}, b.Dense("d", 108, 7)) },
	}
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 7))
			b := &nn.Builder{}
			block(b)
			n := b.Network(channels)
			w, err := nn.NewWeights(be, n.Params, 1, "weights")
			if err != nil {
				t.Fatal(err)
			}
			net, err := engine.New(n, [3]int{channels, size, size}, 2)
			if err == nil {
				err = net.Load(w)
			}
			if err != nil {
				t.Fatal(err)
			}
			params := make([][]float64, len(n.Params))
			for i, values := range net.Parameters() {
				for _, v := range values {
					params[i] = append(params[i], float64(v))
				}
			}
			x, x64 := make([]float32, images*channels*size*size), newPlane(images, channels, size, size)
			for i := range x {
				x[i] = float32(r.NormFloat64())
				x64.x[i] = float64(x[i])
			}
			net.ClearGradients()
			p, err := net.Train(x, nil)
			if err != nil {
				t.Fatal(err)
			}
			d := make([]float32, len(p.Output()))
			for i := range d {
				d[i] = float32(r.NormFloat64())
			}
			loss := func() (sum float64) {
				values := []plane64{x64}
				for _, s := range n.Steps {
					var in []plane64
					for _, v := range s.In {
						in = append(in, values[v])
					}
					values = append(values, apply64(s.Layer, params, in))
				}
				for i, v := range values[len(values)-1].x {
					sum += v * float64(d[i])
				}
				return sum
			}
			inImages := p.Backward(d, engine.OfImages|engine.OfWeights)
			check := func(what string, value *float64, got, scale float64) {
				const h = 1e-5
				was := *value
				*value = was + h
				up := loss()
				*value = was - h
				down := loss()
				*value = was
				if want := (up - down) / (2 * h); math.Abs(got-want) > 1e-4*scale {
					t.Errorf("%s: the gradient is %g, by differences %g", what, got, want)
				}
			}
			largest := 1.0
			for _, g := range inImages {
				largest = max(largest, math.Abs(float64(g)))
			}
			for range 20 {
				i := r.IntN(len(x))
				check(fmt.Sprint("pixel ", i), &x64.x[i], float64(inImages[i]), largest)
			}
			for k, param := range n.Params {
				if !param.Trainable {
					continue
				}
				largest := 1.0
				for _, g := range net.Gradients[k] {
					largest = max(largest, math.Abs(float64(g)))
				}
				for range 8 {
					i := r.IntN(len(params[k]))
					check(fmt.Sprint(param.Name, " ", i), &params[k][i], float64(net.Gradients[k][i]), largest)
				}
			}
		})
	}
}
