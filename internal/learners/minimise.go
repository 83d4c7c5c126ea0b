package learners

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// gradientGoal is the largest component of the gradient at which a minimum counts as found, and
// gradientLimit the one at which it does if rounding allows no further step. All objectives of this
// package are means of losses near 1.
const (
	gradientGoal  = 1e-9
	gradientLimit = 1e-5
)

// minimise finds the minimum of a smooth convex function from a start, by L-BFGS. f returns the value
// and writes the gradient.
func minimise(f func(x, gradient []float64) float64, start []float64) ([]float64, error) {
	at, value := []float64(nil), 0.0
	gradient := make([]float64, len(start))
	evaluate := func(x []float64) {
		if at == nil || !slices.Equal(at, x) {
			at = append(at[:0], x...)
			value = f(x, gradient)
		}
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 { evaluate(x); return value },
		Grad: func(to, x []float64) { evaluate(x); copy(to, gradient) },
	}
	settings := &optimize.Settings{GradientThreshold: gradientGoal, MajorIterations: 5000, Converger: optimize.NeverTerminate{}}
	result, err := optimize.Minimize(problem, start, settings, &optimize.LBFGS{Store: 20})
	if result == nil {
		return nil, err
	}
	evaluate(result.X)
	largest := 0.0
	for _, g := range gradient {
		largest = max(largest, math.Abs(g))
	}
	if !(largest <= gradientLimit) {
		return nil, errors.Join(fmt.Errorf("L-BFGS has found no minimum: the gradient is %g", largest), err)
	}
	return result.X, nil
}
