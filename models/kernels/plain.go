package kernels

import "math"

func axpyPlain(a float32, x, y []float32) {
	for i, xi := range x {
		y[i] += a * xi
	}
}

func sumPlain(x, y, sum []float32) {
	for i := range sum {
		sum[i] = x[i] + y[i]
	}
}

func adamPlain(s AdamStep, w, g, m, v []float32) {
	for i := range w {
		gi := g[i] + s.Decay*w[i]
		mi := s.Beta1*m[i] + s.Rest1*gi
		vi := s.Beta2*v[i] + s.Rest2*gi*gi
		m[i], v[i] = mi, vi
		root := float32(math.Sqrt(float64(vi)))
		w[i] -= s.Rate * mi / (root*s.RootScale + s.Epsilon)
	}
}

func expSumPlain(x, y []float32, shift float32) float32 {
	var sum float32
	for i, xi := range x {
		e := float32(math.Exp(float64(xi - shift)))
		y[i] = e
		sum += e
	}
	return sum
}

func maxPlain(x []float32) float32 {
	top := x[0]
	for _, xi := range x[1:] {
		top = max(top, xi)
	}
	return top
}

func scalePlain(a float32, x []float32) {
	for i := range x {
		x[i] *= a
	}
}
