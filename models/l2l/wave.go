package l2l

// A wave is a batch of images of the engine [b, c, h, w], with the way back of its gradient.
type wave struct {
	x    []float32
	grad []float32 // that has arrived; nil: none
	back func()    // passes grad on; nil: x is a constant
}

// A tape holds waves in the order in which they were computed.
type tape struct{ waves []*wave }

// wave adds a result. back passes its gradient on, unless all its inputs are constants.
func (t *tape) wave(x []float32, back func(grad []float32), inputs ...*wave) *wave {
	w := &wave{x: x}
	for _, in := range inputs {
		if in.back != nil {
			w.back = func() { back(w.grad) }
		}
	}
	t.waves = append(t.waves, w)
	return w
}

// backward computes the gradients of all waves for that of the last result.
func (t *tape) backward(w *wave, grad []float32) {
	w.receive(grad)
	for i := len(t.waves) - 1; i >= 0; i-- {
		if v := t.waves[i]; v.back != nil && v.grad != nil {
			v.back()
		}
	}
}

// receive adds a gradient.
func (w *wave) receive(grad []float32) {
	if w.back == nil {
		return
	}
	if w.grad == nil {
		w.grad = append([]float32(nil), grad...)
		return
	}
	for i, v := range grad {
		w.grad[i] += v
	}
}

func (t *tape) constant(x *wave) *wave { return &wave{x: x.x} }

func (t *tape) add(x, y *wave) *wave { return t.sum(x, y, 1) }
func (t *tape) sub(x, y *wave) *wave { return t.sum(x, y, -1) }

// sum is x + sign y.
func (t *tape) sum(x, y *wave, sign float32) *wave {
	out := make([]float32, len(x.x))
	for i, v := range x.x {
		out[i] = v + sign*y.x[i]
	}
	return t.wave(out, func(grad []float32) {
		x.receive(grad)
		y.receive(scaled(grad, sign))
	}, x, y)
}

func (t *tape) scale(x *wave, by float64) *wave {
	return t.wave(scaled(x.x, float32(by)), func(grad []float32) { x.receive(scaled(grad, float32(by))) }, x)
}

func scaled(x []float32, by float32) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = v * by
	}
	return out
}

func (t *tape) clip(x *wave, low, high float64) *wave {
	return t.between(x, func(int) (float32, float32) { return float32(low), float32(high) })
}

// near keeps x within epsilon of the values of centre.
func (t *tape) near(x *wave, centre []float32, epsilon float64) *wave {
	e := float32(epsilon)
	return t.between(x, func(i int) (float32, float32) { return centre[i] - e, centre[i] + e })
}

// between keeps values between bounds. As in PyTorch's clamp, the gradient goes through values at
// the bounds, and not through those beyond.
func (t *tape) between(x *wave, bounds func(i int) (low, high float32)) *wave {
	out := make([]float32, len(x.x))
	for i, v := range x.x {
		low, high := bounds(i)
		out[i] = max(min(v, high), low)
	}
	return t.wave(out, func(grad []float32) {
		through := make([]float32, len(grad))
		for i, v := range x.x {
			if low, high := bounds(i); v >= low && v <= high {
				through[i] = grad[i]
			}
		}
		x.receive(through)
	}, x)
}
