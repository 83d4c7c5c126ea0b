// Package learners holds small learners for attackers: logistic regression, linear regression on
// absolute error, gradient-boosted trees, and networks with one hidden layer; and measures of what
// they find: the area under the ROC curve and the online code length.
//
// The first three do what scikit-learn's LogisticRegression, QuantileRegressor and
// HistGradientBoosting do, and its figures are in testdata. All arithmetic is in float64. No product is fused with a sum, and exp
// and log are this package's own, because those of package math differ between processors.
package learners

import (
	"fmt"
	"math"
)

// A Matrix has a row of numbers for each user.
type Matrix struct {
	Width int
	X     []float64 // row after row
}

// NewMatrix copies vectors of a width.
func NewMatrix(vectors []float32, width int) *Matrix {
	m := &Matrix{Width: width, X: make([]float64, len(vectors))}
	for i, v := range vectors {
		m.X[i] = float64(v)
	}
	return m
}

// Rows is the number of rows.
func (m *Matrix) Rows() int { return len(m.X) / m.Width }

// Row returns a row, which shares memory with the matrix.
func (m *Matrix) Row(i int) []float64 { return m.X[i*m.Width : (i+1)*m.Width : (i+1)*m.Width] }

// Take copies the given rows.
func (m *Matrix) Take(rows []int) *Matrix {
	out := &Matrix{Width: m.Width, X: make([]float64, 0, len(rows)*m.Width)}
	for _, i := range rows {
		out.X = append(out.X, m.Row(i)...)
	}
	return out
}

// A Scaler standardises columns.
type Scaler struct{ mean, sd []float64 }

// NewScaler finds mean and standard deviation of each column. A constant column is only centred.
func NewScaler(m *Matrix) *Scaler {
	s := &Scaler{mean: make([]float64, m.Width), sd: make([]float64, m.Width)}
	n := float64(m.Rows())
	for i := range m.Rows() {
		for j, v := range m.Row(i) {
			s.mean[j] += v
		}
	}
	for j := range s.mean {
		s.mean[j] /= n
	}
	for i := range m.Rows() {
		for j, v := range m.Row(i) {
			s.sd[j] += float64((v - s.mean[j]) * (v - s.mean[j]))
		}
	}
	for j := range s.sd {
		s.sd[j] = math.Sqrt(s.sd[j] / n)
		// The mean of equal numbers has a rounding error, which must not become the scale.
		if s.sd[j] <= 1e-12*math.Abs(s.mean[j]) {
			s.sd[j] = 1
		}
	}
	return s
}

// Apply returns the standardised matrix.
func (s *Scaler) Apply(m *Matrix) *Matrix {
	out := &Matrix{Width: m.Width, X: make([]float64, len(m.X))}
	for i := range m.Rows() {
		to := out.Row(i)
		for j, v := range m.Row(i) {
			to[j] = (v - s.mean[j]) / s.sd[j]
		}
	}
	return out
}

// Invert returns the matrix that Apply has standardised.
func (s *Scaler) Invert(m *Matrix) *Matrix {
	out := &Matrix{Width: m.Width, X: make([]float64, len(m.X))}
	for i := range m.Rows() {
		to := out.Row(i)
		for j, v := range m.Row(i) {
			to[j] = float64(v*s.sd[j]) + s.mean[j]
		}
	}
	return out
}

// Balanced returns the weight of each row so that all classes that occur have the same total weight,
// as class_weight="balanced" does: rows / (classes * rows of the class).
func Balanced(class []int32, classes int) []float64 {
	count := make([]float64, classes)
	for _, c := range class {
		count[c]++
	}
	present := 0.0
	for _, n := range count {
		if n > 0 {
			present++
		}
	}
	weight := make([]float64, len(class))
	for i, c := range class {
		weight[i] = float64(len(class)) / (present * count[c])
	}
	return weight
}

// ones returns weights of 1 in place of nil.
func ones(weight []float64, n int) []float64 {
	if weight != nil {
		return weight
	}
	weight = make([]float64, n)
	for i := range weight {
		weight[i] = 1
	}
	return weight
}

// checkClasses refuses data that no classifier can be fitted to.
func checkClasses(x *Matrix, class []int32, classes int) error {
	if len(class) != x.Rows() {
		return fmt.Errorf("%d classes for %d vectors", len(class), x.Rows())
	}
	seen := make([]bool, classes)
	found := 0
	for i, c := range class {
		if c < 0 || int(c) >= classes {
			return fmt.Errorf("vector %d has the class %d; classes are 0 to %d", i, c, classes-1)
		}
		if !seen[c] {
			seen[c] = true
			found++
		}
	}
	if found < 2 {
		return fmt.Errorf("%d vectors have %d classes; at least 2 are needed to learn", len(class), found)
	}
	return nil
}
