package learners

import "math"

// Logistic is a logistic regression. With two classes it has one vector of weights, for the second
// class; with more, one for each class.
type Logistic struct {
	Classes   int
	Weights   *Matrix // a row for each output
	Intercept []float64
}

// FitLogistic fits a logistic regression with an L2 penalty, as scikit-learn's does: it minimises
// the sum of weight * cross-entropy, times c, plus half the sum of the squared weights. weight nil
// is 1 for all.
func FitLogistic(x *Matrix, class []int32, classes int, weight []float64, c float64) (*Logistic, error) {
	if err := checkClasses(x, class, classes); err != nil {
		return nil, err
	}
	weight = ones(weight, x.Rows())
	total := 0.0
	for _, w := range weight {
		total += w
	}
	outputs := classes
	if classes == 2 {
		outputs = 1
	}
	d := x.Width
	m := &Logistic{Classes: classes}
	set := func(params []float64) {
		m.Weights = &Matrix{Width: d, X: params[:outputs*d]}
		m.Intercept = params[outputs*d:]
	}
	logits := make([]float64, outputs)
	penalty := 1 / (c * total)
	objective := func(params, gradient []float64) float64 {
		set(params)
		clear(gradient)
		loss := 0.0
		for i := range x.Rows() {
			row := x.Row(i)
			m.logits(row, logits)
			loss += float64(weight[i] * residuals(logits, class[i]))
			for k, r := range logits {
				r = float64(r * (weight[i] / total))
				axpy(r, row, gradient[k*d:(k+1)*d])
				gradient[outputs*d+k] += r
			}
		}
		axpy(penalty, m.Weights.X, gradient)
		return loss/total + float64(penalty/2*dot(m.Weights.X, m.Weights.X))
	}
	params, err := minimise(objective, make([]float64, outputs*(d+1)))
	if err != nil {
		return nil, err
	}
	set(params)
	return m, nil
}

// residuals replaces logits by probabilities less the truth, and returns the cross-entropy. One
// logit is that of the second of two classes.
func residuals(logits []float64, class int32) float64 {
	if len(logits) == 1 {
		z := logits[0]
		y := float64(class)
		logits[0] = sigmoid(z) - y
		return softplus(z) - float64(y*z)
	}
	z := logits[class]
	loss := softmax(logits) - z
	logits[class]--
	return loss
}

func (m *Logistic) logits(row, to []float64) {
	for k := range to {
		to[k] = dot(row, m.Weights.Row(k)) + m.Intercept[k]
	}
}

// Probabilities returns the probability of each class for each row of x.
func (m *Logistic) Probabilities(x *Matrix) *Matrix {
	raw := &Matrix{Width: len(m.Intercept), X: make([]float64, x.Rows()*len(m.Intercept))}
	for i := range x.Rows() {
		m.logits(x.Row(i), raw.Row(i))
	}
	return probabilities(raw)
}

// probabilities of classes for logits, where one logit is that of the second of two classes.
func probabilities(logits *Matrix) *Matrix {
	if logits.Width > 1 {
		p := &Matrix{Width: logits.Width, X: append([]float64(nil), logits.X...)}
		for i := range p.Rows() {
			softmax(p.Row(i))
		}
		return p
	}
	p := &Matrix{Width: 2, X: make([]float64, 2*len(logits.X))}
	for i, z := range logits.X {
		p.X[2*i], p.X[2*i+1] = sigmoid(-z), sigmoid(z)
	}
	return p
}

// Linear predicts numbers.
type Linear struct {
	Weights   []float64
	Intercept float64
}

// FitAbsolute fits a linear regression that minimises the mean absolute error plus l2/2 times the
// sum of the squared weights, both for targets of standard deviation 1.
//
// The absolute error has a corner at 0, which L-BFGS cannot minimise. A hyperbola with the same
// arms, sqrt(e*e + s*s), takes its place, which is larger by s at most. The fit starts with a wide
// one and ends with s = 0.001 standard deviations of the target.
func FitAbsolute(x *Matrix, value []float64, l2 float64) (*Linear, error) {
	scaler := NewScaler(&Matrix{Width: 1, X: value})
	y := scaler.Apply(&Matrix{Width: 1, X: value}).X
	d, n := x.Width, float64(x.Rows())
	params := make([]float64, d+1)
	for _, s := range []float64{0.1, 0.01, 0.001} {
		objective := func(params, gradient []float64) float64 {
			clear(gradient)
			loss := 0.0
			for i := range x.Rows() {
				row := x.Row(i)
				e := dot(row, params[:d]) + params[d] - y[i]
				root := math.Sqrt(float64(e*e) + float64(s*s))
				loss += root
				axpy(e/root/n, row, gradient[:d])
				gradient[d] += e / root / n
			}
			axpy(l2, params[:d], gradient[:d])
			return loss/n + float64(l2/2*dot(params[:d], params[:d]))
		}
		var err error
		if params, err = minimise(objective, params); err != nil {
			return nil, err
		}
	}
	m := &Linear{Weights: params[:d], Intercept: float64(params[d]*scaler.sd[0]) + scaler.mean[0]}
	for j := range m.Weights {
		m.Weights[j] *= scaler.sd[0]
	}
	return m, nil
}

// Predict returns a number for each row of x.
func (m *Linear) Predict(x *Matrix) []float64 {
	out := make([]float64, x.Rows())
	for i := range out {
		out[i] = dot(x.Row(i), m.Weights) + m.Intercept
	}
	return out
}
