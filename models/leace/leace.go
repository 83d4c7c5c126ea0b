// Package leace removes concepts, such as gender and age, from vectors so that no linear predictor
// finds them any more: LEACE (Belrose et al., "LEACE: Perfect linear concept erasure in closed
// form", NeurIPS 2023). It needs no training.
//
// With the vectors X, the concepts Z and the whitening matrix W = cov(X)^-1/2, the eraser is
//
//	r(x) = x - W^+ u u' W (x - mean(X))
//
// where the columns of u are an orthonormal basis of the columns of W cov(X, Z). After it,
// cov(r(X), Z) = 0. So the classes of a concept have the same mean, and the best linear predictor of
// Z, by any convex loss for classes and by squared error for numbers, is a constant. Of all affine
// functions with this property, r changes X least. It keeps the mean of X.
//
// The reference is the Python package concept-erasure; testdata/leace.py makes the fixtures from it.
// Its option constrain_cov_trace is not here. It limits the variance of r(X), which r can never
// raise: W r(X) is an orthogonal projection of W X.
package leace

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Options control how an eraser is fitted.
type Options struct {
	// Shrinkage estimates cov(X) with optimal linear shrinkage towards a multiple of the identity
	// (Bodnar, Gupta and Parolya 2014), for few vectors or correlated dimensions. After it, the
	// classes still have the same mean, but the change is the least by this estimate only.
	Shrinkage bool

	// Tolerance is the singular value of W cov(X, Z) up to which a direction is not erased. It is the
	// option svd_tol of the reference. Columns of Z that depend on each other, such as the classes
	// of one attribute, have singular values of 0.
	Tolerance float64
}

// An Eraser removes a concept from vectors.
type Eraser struct {
	mean  []float64
	left  *mat.Dense // W^+ u, [width, rank]; nil if nothing is erased
	right *mat.Dense // u' W, [rank, width]
}

// Fit finds the eraser of the concepts z, [n, concepts], from the vectors x, [n, width].
func Fit(x, z mat.Matrix, o Options) (*Eraser, error) {
	n, width := x.Dims()
	if m, _ := z.Dims(); m != n {
		return nil, fmt.Errorf("there are %d vectors and the concepts of %d", n, m)
	}
	if n < 2 {
		return nil, fmt.Errorf("erasure needs at least 2 vectors, not %d", n)
	}
	xc, mean, err := centred(x)
	if err != nil {
		return nil, fmt.Errorf("vectors: %w", err)
	}
	zc, _, err := centred(z)
	if err != nil {
		return nil, fmt.Errorf("concepts: %w", err)
	}
	e := &Eraser{mean: mean}
	whiten, unwhiten, err := whitening(xc, o.Shrinkage)
	if err != nil {
		return nil, err
	}
	cross := mat.NewDense(width, zc.RawMatrix().Cols, nil)
	cross.Mul(xc.T(), zc)
	cross.Scale(1/float64(n-1), cross)
	cross.Mul(whiten, cross)
	var svd mat.SVD
	if !svd.Factorize(cross, mat.SVDThinU) {
		return nil, errors.New("the singular value decomposition of the whitened cross-covariance does not converge")
	}
	rank := 0
	for _, s := range svd.Values(nil) { // descending
		if s > o.Tolerance {
			rank++
		}
	}
	if rank == 0 {
		return e, nil
	}
	var u mat.Dense
	svd.UTo(&u)
	basis := u.Slice(0, width, 0, rank)
	e.left, e.right = mat.NewDense(width, rank, nil), mat.NewDense(rank, width, nil)
	e.left.Mul(unwhiten, basis)
	e.right.Mul(basis.T(), whiten)
	return e, nil
}

// centred returns m minus the means of its columns, and the means.
func centred(m mat.Matrix) (*mat.Dense, []float64, error) {
	n, width := m.Dims()
	c, mean := mat.DenseCopyOf(m), make([]float64, width)
	for i := range n {
		for j, v := range c.RawRowView(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, nil, fmt.Errorf("row %d, column %d holds %g", i, j, v)
			}
			mean[j] += v / float64(n)
		}
	}
	for i := range n {
		for j := range mean {
			c.RawRowView(i)[j] -= mean[j]
		}
	}
	return c, mean, nil
}

// whitening returns cov(X)^-1/2 and cov(X)^1/2. Directions without variance are 0 in both.
func whitening(centred *mat.Dense, shrinkage bool) (whiten, unwhiten *mat.Dense, err error) {
	n, width := centred.Dims()
	var cov mat.SymDense
	cov.SymOuterK(1/float64(n), centred.T())
	var eigen mat.EigenSym
	if !eigen.Factorize(&cov, true) {
		return nil, nil, errors.New("the eigendecomposition of the covariance does not converge")
	}
	variances := eigen.Values(nil) // ascending
	if shrinkage {
		shrink(variances, n)
	} else {
		for i := range variances {
			variances[i] *= float64(n) / float64(n-1)
		}
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	// The threshold of the reference, which is that of NumPy's matrix_rank.
	threshold := variances[width-1] * float64(width) * epsilon
	power := func(exponent float64) *mat.Dense {
		scale := make([]float64, width)
		for i, v := range variances {
			if v > threshold {
				scale[i] = math.Pow(v, exponent)
			}
		}
		m := mat.NewDense(width, width, nil)
		m.Mul(&vectors, mat.NewDiagDense(width, scale))
		m.Mul(m, vectors.T())
		return m
	}
	return power(-0.5), power(0.5), nil
}

// epsilon is the distance from 1 to the next float64.
const epsilon = 0x1p-52

// shrink replaces the eigenvalues of the covariance of n vectors by those of the optimal linear
// shrinkage estimate, alpha S + (1 - alpha) tr(S)/p I. It only needs the eigenvalues, since the
// eigenvectors stay. For variances that are nearly equal, the formula gives an alpha below 0, with
// which the largest variance would become the smallest; then alpha is 0.
func shrink(variances []float64, n int) {
	p := float64(len(variances))
	trace, squares := 0.0, 0.0
	for _, v := range variances {
		trace += v
		squares += v * v
	}
	alpha := 0.0
	if noise, spread := trace*trace/float64(n), squares-trace*trace/p; spread > noise {
		alpha = 1 - noise/spread
	}
	for i, v := range variances {
		variances[i] = alpha*v + (1-alpha)*trace/p
	}
}

// Rank is the number of dimensions that are removed.
func (e *Eraser) Rank() int {
	if e.left == nil {
		return 0
	}
	return e.left.RawMatrix().Cols
}

// Width is the width of the vectors.
func (e *Eraser) Width() int { return len(e.mean) }

// Projection is the matrix P with r(x) = mean + P (x - mean).
func (e *Eraser) Projection() *mat.Dense {
	p := mat.NewDense(e.Width(), e.Width(), nil)
	if e.left != nil {
		p.Mul(e.left, e.right)
	}
	p.Scale(-1, p)
	for i := range e.Width() {
		p.Set(i, i, p.At(i, i)+1)
	}
	return p
}

// Erase returns the vectors, [n, width] row by row, without the concepts. It computes in float64.
func (e *Eraser) Erase(vectors []float32) []float32 {
	erased := make([]float32, len(vectors))
	x := make([]float64, e.Width())
	for start := 0; start < len(vectors); start += e.Width() {
		for i, v := range vectors[start : start+e.Width()] {
			x[i] = float64(v)
		}
		e.EraseVector(x)
		for i, v := range x {
			erased[start+i] = float32(v)
		}
	}
	return erased
}

// EraseVector changes one vector.
func (e *Eraser) EraseVector(x []float64) {
	amounts := make([]float64, e.Rank())
	for k := range amounts {
		for i, r := range e.right.RawRowView(k) {
			amounts[k] += r * (x[i] - e.mean[i])
		}
	}
	if e.left == nil {
		return
	}
	for i := range x {
		for k, l := range e.left.RawRowView(i) {
			x[i] -= l * amounts[k]
		}
	}
}
