package kernels

import "math"

// The work of networks between convolutions, on one image in blocks of 16 channels. Values of a
// channel, such as scale, are in the order of the channels, as many as the blocks have. No function
// writes to the border of an image.

// Channels16 is the number of channels of all blocks: a multiple of 16.
func (l Layout) Channels16() int { return l.blocks() * block }

// each calls f for the first value of each block of an image, and for its first channel.
func (l Layout) each(f func(at, channel int)) {
	for b := range l.blocks() {
		f(l.at(b, 0, 0), b*block)
	}
}

// run is the number of values of a row, without its border.
func (l Layout) run() int { return l.Width * block }

// Affine writes max(x scale + shift, floor) to y. NaN stays NaN.
func (l Layout) Affine(x, y, scale, shift []float32, floor float32) {
	l.each(func(at, c int) {
		affinePlane(l.Height, l.run(), l.row(), x[at:], y[at:], scale[c:c+block], shift[c:c+block], floor)
	})
}

// AffineSlope writes max(t, 0) + slope min(t, 0) of t = x scale + shift to y.
func (l Layout) AffineSlope(x, y, scale, shift []float32, slope float32) {
	l.each(func(at, c int) {
		slopePlane(l.Height, l.run(), l.row(), x[at:], y[at:], scale[c:c+block], shift[c:c+block], slope)
	})
}

// Sums writes the sum of each channel.
func (l Layout) Sums(x, sums []float32) {
	l.each(func(at, c int) { sumPlane(l.Height, l.run(), l.row(), x[at:], sums[c:c+block]) })
}

// Moments writes the mean of each channel of an image, and the sum of squares of the distances from
// it.
func (l Layout) Moments(x, mean, squares []float32) {
	n := 1 / float32(l.Height*l.Width)
	l.each(func(at, c int) {
		m := mean[c : c+block]
		sumPlane(l.Height, l.run(), l.row(), x[at:], m)
		for i := range m {
			m[i] *= n
		}
		squaresPlane(l.Height, l.run(), l.row(), x[at:], m, squares[c:c+block])
	})
}

// An Activation is what follows a norm: y = max(t, 0) + Slope min(t, 0) of t = x Scale + Shift. A
// Slope of 1 is none, one of 0 is ReLU.
type Activation struct {
	Scale, Shift []float32
	Slope        float32
}

// NormSums writes sums for the gradient of a batch norm and its activation a. v is the gradient of y,
// and u that of t, which is v or Slope v. It writes the sums of each channel of u, of u (x - mean)
// and of v min(t, 0).
func (l Layout) NormSums(a Activation, v, x, mean, sums, dots, slopes []float32) {
	l.each(func(at, c int) {
		d := c + block
		normSumsPlane(l.Height, l.run(), l.row(), v[at:], x[at:], a.Scale[c:d], a.Shift[c:d], a.Slope, mean[c:d],
			sums[c:d], dots[c:d], slopes[c:d])
	})
}

// NormGradient writes of u + with (x - mean) + plus to d, with u as in NormSums, or adds it to d.
func (l Layout) NormGradient(a Activation, v, x, d, mean, of, with, plus []float32, add bool) {
	l.each(func(at, c int) {
		e := c + block
		normGradientPlane(l.Height, l.run(), l.row(), v[at:], x[at:], d[at:], a.Scale[c:e], a.Shift[c:e], a.Slope, mean[c:e],
			of[c:e], with[c:e], plus[c:e], add)
	})
}

// Fill writes the values of the channels, multiplied by factor, to all pixels, or adds them.
func (l Layout) Fill(d, values []float32, factor float32, add bool) {
	for b := range l.blocks() {
		for r := range l.Height {
			row := d[l.at(b, r, 0):][:l.run()]
			for i := range row {
				v := factor * values[b*block+i%block]
				if add {
					v += row[i]
				}
				row[i] = v
			}
		}
	}
}

// Put writes the channels of an image of layout from to an image of l, from channel first on. If from
// has channels that do not fill its last block, those that follow in l must be put later.
func (l Layout) Put(first int, to []float32, from Layout, x []float32) {
	l.join(first, from, func(at, n, of int) { copy(to[at:at+n], x[of:of+n]) })
}

// Take writes the channels from first on of an image of l to d, an image of layout to, or adds them.
func (l Layout) Take(first int, from []float32, to Layout, d []float32, add bool) {
	l.join(first, to, func(at, n, of int) {
		if !add {
			copy(d[of:of+n], from[at:at+n])
			return
		}
		for i, v := range from[at : at+n] {
			d[of+i] += v
		}
	})
}

// join calls f for runs of values that are one after the other both in an image of l, from channel
// first on, and in an image of layout part: n values from at on in l, and from of on in the part.
func (l Layout) join(first int, part Layout, f func(at, n, of int)) {
	for r := range l.Height {
		if first%block == 0 {
			for b := range part.blocks() {
				f(l.at(first/block+b, r, 0), l.run(), part.at(b, r, 0))
			}
			continue
		}
		for c := range part.Channels {
			at, of := l.place(first+c, r, 0), part.place(c, r, 0)
			for i := range l.Width {
				f(at+i*block, 1, of+i*block)
			}
		}
	}
}

// Tanh writes tanh(factor x) to y.
func (l Layout) Tanh(x, y []float32, factor float32) {
	l.each(func(at, _ int) { tanhPlane(l.Height, l.run(), l.row(), x[at:], y[at:], factor) })
}

// TanhGradient writes the gradient in x of Tanh to d, or adds it, for v, the gradient in y. It returns
// that in the factor.
func (l Layout) TanhGradient(v, x, y, d []float32, factor float32, add bool) (inFactor float64) {
	l.values(func(i int) {
		u := v[i] * (1 - y[i]*y[i])
		inFactor += float64(u * x[i])
		g := u * factor
		if add {
			g += d[i]
		}
		d[i] = g
	})
	return inFactor
}

// values calls f with the place of every value of an image.
func (l Layout) values(f func(i int)) {
	for b := range l.blocks() {
		n := min(block, l.Channels-b*block)
		for r := range l.Height {
			for column := range l.Width {
				at := l.at(b, r, column)
				for i := at; i < at+n; i++ {
					f(i)
				}
			}
		}
	}
}

// Pool writes the largest value of each square of n x n of an image x to y, an image of layout to.
func (l Layout) Pool(to Layout, n int, x, y []float32) {
	for b := range l.blocks() {
		for r := range to.Height {
			poolRow(to.Width, n, l.row(), x[l.at(b, n*r, 0):], y[to.at(b, r, 0):][:to.run()])
		}
	}
}

// PoolGradient writes the gradient of Pool to d, which is like x, or adds it. v is the gradient of y.
// The first of equal values of a square gets all of it.
func (l Layout) PoolGradient(to Layout, n int, v, x, y, d []float32, add bool) {
	for b := range l.blocks() {
		for r := range to.Height {
			at, from := l.at(b, n*r, 0), to.at(b, r, 0)
			poolGradientRow(to.Width, n, l.row(), v[from:][:to.run()], x[at:], y[from:][:to.run()], d[at:], add)
		}
	}
}

// AddFloor writes max(x + y, floor) to sum, value by value. NaN stays NaN.
func AddFloor(x, y, sum []float32, floor float32) {
	n := len(sum)
	addFloor(x[:n], y[:n], sum, floor)
}

// Positive writes v where y is above 0, else 0, to d, or adds it.
func Positive(v, y, d []float32, add bool) {
	n := len(d)
	positive(v[:n], y[:n], d, add)
}

// The plain form of each loop. A plane has rows of run values, whose first ones are stride apart.

func affinePlain(rows, run, stride int, x, y, scale, shift []float32, floor float32) {
	for r := range rows {
		from, to := x[r*stride:][:run], y[r*stride:][:run]
		for i, v := range from {
			to[i] = max(v*scale[i%block]+shift[i%block], floor)
		}
	}
}

func slopePlain(rows, run, stride int, x, y, scale, shift []float32, slope float32) {
	for r := range rows {
		from, to := x[r*stride:][:run], y[r*stride:][:run]
		for i, v := range from {
			t := v*scale[i%block] + shift[i%block]
			to[i] = max(t, 0) + slope*min(t, 0)
		}
	}
}

func sumPlanePlain(rows, run, stride int, x, sum []float32) {
	clear(sum)
	for r := range rows {
		for i, v := range x[r*stride:][:run] {
			sum[i%block] += v
		}
	}
}

func squaresPlain(rows, run, stride int, x, mean, squares []float32) {
	clear(squares)
	for r := range rows {
		for i, v := range x[r*stride:][:run] {
			d := v - mean[i%block]
			squares[i%block] += d * d
		}
	}
}

func normSumsPlain(rows, run, stride int, v, x, scale, shift []float32, slope float32, mean, sums, dots, slopes []float32) {
	clear(sums)
	clear(dots)
	clear(slopes)
	for r := range rows {
		vs, xs := v[r*stride:][:run], x[r*stride:][:run]
		for i, u := range vs {
			c := i % block
			t := xs[i]*scale[c] + shift[c]
			slopes[c] += u * min(t, 0)
			if !(t > 0) {
				u *= slope
			}
			sums[c] += u
			dots[c] += u * (xs[i] - mean[c])
		}
	}
}

func normGradientPlain(rows, run, stride int, v, x, d, scale, shift []float32, slope float32, mean, of, with, plus []float32, add bool) {
	for r := range rows {
		vs, xs, ds := v[r*stride:][:run], x[r*stride:][:run], d[r*stride:][:run]
		for i, u := range vs {
			c := i % block
			if t := xs[i]*scale[c] + shift[c]; !(t > 0) {
				u *= slope
			}
			g := of[c]*u + (with[c]*(xs[i]-mean[c]) + plus[c])
			if add {
				g += ds[i]
			}
			ds[i] = g
		}
	}
}

func tanhPlain(rows, run, stride int, x, y []float32, factor float32) {
	for r := range rows {
		from, to := x[r*stride:][:run], y[r*stride:][:run]
		for i, v := range from {
			if v == 0 { // most lanes of an image of colours
				to[i] = 0
				continue
			}
			to[i] = float32(math.Tanh(float64(factor * v)))
		}
	}
}

func poolPlain(width, n, stride int, x, y []float32) {
	for i := range y {
		at := i/block*n*block + i%block
		largest := x[at]
		for k := range n * n {
			if v := x[at+k/n*stride+k%n*block]; v > largest || v != v {
				largest = v
			}
		}
		y[i] = largest
	}
}

func poolGradientPlain(width, n, stride int, v, x, y, d []float32, add bool) {
	for i := range y {
		at := i/block*n*block + i%block
		taken := false
		for k := range n * n {
			j := at + k/n*stride + k%n*block
			var g float32
			if !taken && x[j] == y[i] {
				g, taken = v[i], true
			}
			if add {
				g += d[j]
			}
			d[j] = g
		}
	}
}

func addFloorPlain(x, y, sum []float32, floor float32) {
	for i := range sum {
		sum[i] = max(x[i]+y[i], floor)
	}
}

func positivePlain(v, y, d []float32, add bool) {
	for i := range d {
		var g float32
		if y[i] > 0 {
			g = v[i]
		}
		if add {
			g += d[i]
		}
		d[i] = g
	}
}
