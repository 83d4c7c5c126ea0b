package kernels

import (
	"sync"
	"unsafe"
)

// A LinearStep is the backward pass of a linear layer y = x W, followed by a step of Adam for W. It
// goes over W, its moments and the gradient of y once, in blocks of columns that stay in the
// caches. The gradient of W is never in memory as a whole. The bits are those of two products and
// Adam. See HasProducts.
type LinearStep struct {
	Batch, Inputs, Outputs int

	X             []float32 // [batch, inputs]
	Gradient      []float32 // [batch, outputs], of y
	Weight        []float32 // [inputs, outputs]; the step changes it
	First, Second []float32 // [inputs, outputs], the moments of Adam; the step changes them
	XGradient     []float32 // [inputs, batch], the transpose of the gradient of x; the step writes it
	Adam          AdamStep

	parts []linearPart // of threads
}

// linearPart holds the arrays that a thread needs for a block of columns.
type linearPart struct {
	turned []float32 // [panel, batch], the gradient of y
	packed []float32 // [batch, panel], the gradient of y
	weight []float32 // [tileRows, panel], the gradient of W
	ahead  ahead
}

// Run computes the step. Threads share the rows of W, so each value is computed in the same way for
// any number of them.
func (s *LinearStep) Run(threads int) {
	b, l, n := s.Batch, s.Inputs, s.Outputs
	if b == 0 || l == 0 || n == 0 {
		panic("kernels: a linear layer with an empty side")
	}
	_, _ = s.X[:b*l], s.Gradient[:b*n]
	_, _, _, _ = s.Weight[:l*n], s.First[:l*n], s.Second[:l*n], s.XGradient[:l*b]
	tiles := (l + tileRows - 1) / tileRows
	threads = max(1, min(threads, tiles, 1+b*l*n/grain))
	for len(s.parts) < threads {
		s.parts = append(s.parts, linearPart{
			turned: aligned(panel * b), packed: aligned(b * panel), weight: aligned(tileRows * panel),
		})
	}
	if threads == 1 {
		s.rows(0, l, &s.parts[0])
		return
	}
	var wait sync.WaitGroup
	for t := range threads {
		from, to := tiles*t/threads*tileRows, min(tiles*(t+1)/threads*tileRows, l)
		wait.Go(func() { s.rows(from, to, &s.parts[t]) })
	}
	wait.Wait()
}

// rows computes the step for the rows of W from one on to another.
func (s *LinearStep) rows(from, to int, part *linearPart) {
	b, n := s.Batch, s.Outputs
	s.plan(from, to, &part.ahead)
	for j := 0; j < n; j += panel {
		width := min(panel, n-j)
		pack(s.Gradient[j:], n, b, width, part.packed, panel)
		transpose(part.packed, panel, b, width, part.turned)
		part.ahead.begin(&s.Weight[min(j+panel, n-1)])
		for i := from; i < to; i += tileRows {
			s.tile(i, min(tileRows, to-i), j, width, part)
		}
	}
}

// tile computes the step for some rows of W from i on, and a block of columns from j on. The
// gradient of x comes first, because it needs W as it was.
func (s *LinearStep) tile(i, rows, j, width int, part *linearPart) {
	b, l, n := s.Batch, s.Inputs, s.Outputs
	at := i*n + j
	for u := 0; u < b; u += tileColumns {
		part.ahead.tile(rows, width, &s.Weight[at], n, 1, &part.turned[u], b, &s.XGradient[i*b+u], b, columns(b-u), j > 0)
	}
	for c := 0; c < width; c += tileColumns {
		for p := 0; p < b; p += panel {
			part.ahead.tile(rows, min(panel, b-p), &s.X[p*l+i], 1, l, &part.packed[p*panel+c], panel, &part.weight[c], panel, columns(width-c), p > 0)
		}
	}
	for r := range rows {
		at, g := at+r*n, part.weight[r*panel:]
		s.adam(at, at+width, g)
	}
}

// adam changes weights of one row. Like Adam for the whole of W, it computes the last values of W
// one by one.
func (s *LinearStep) adam(from, to int, g []float32) {
	last := min(to, s.Inputs*s.Outputs&^(lanes-1))
	if from < last {
		adamWide(&s.Adam, s.Weight[from:last], g, s.First[from:last], s.Second[from:last], 0)
	}
	if last = max(last, from); last < to {
		adamPlain(s.Adam, s.Weight[last:to], g[last-from:], s.First[last:to], s.Second[last:to])
	}
}

// plan lists the lines of the next block of columns in the order in which they are needed.
func (s *LinearStep) plan(from, to int, a *ahead) {
	n := s.Outputs
	base := unsafe.Pointer(&s.Weight[0])
	terms := (to - from) / tileRows * (panel*((s.Batch+tileColumns-1)/tileColumns) + s.Batch*panel/tileColumns)
	a.reset()
	for u := range s.Batch {
		a.add(base, &s.Gradient[u*n], panel)
	}
	for i := from; i < to; i += tileRows {
		for _, x := range [][]float32{s.Weight, s.First, s.Second} {
			for r := i; r < min(i+tileRows, to); r++ {
				a.add(base, &x[r*n], panel)
			}
		}
	}
	a.spread(terms)
}
