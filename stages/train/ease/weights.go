package ease

import (
	"context"
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"foil/internal/artifact"
)

// fit solves for the item-item weights B (Steck 2019, equation 8). With the Gram matrix
// G = X'X of the users' binary rows X and P = (G + lambda I)^-1,
//
//	B[i, j] = -P[i, j] / P[j, j], and 0 on the diagonal.
//
// The result is row-major, [items, items]: row i is what having item i says of the others.
func fit(ctx context.Context, rows artifact.Rows, items int, lambda float64) ([]float32, error) {
	gram := mat.NewSymDense(items, nil)
	for u := range rows.Len() {
		list := rows.Items(u)
		for a, i := range list {
			for _, j := range list[a:] { // ascending: the upper triangle
				gram.SetSym(int(i), int(j), gram.At(int(i), int(j))+1)
			}
		}
	}
	for i := range items {
		gram.SetSym(i, i, gram.At(i, i)+lambda)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var c mat.Cholesky
	if !c.Factorize(gram) {
		return nil, fmt.Errorf("the Gram matrix plus lambda = %g is not positive definite: raise lambda", lambda)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := c.InverseTo(gram); err != nil {
		return nil, errors.Join(errors.New("the inverse of the Gram matrix is inaccurate: raise lambda"), err)
	}
	b := make([]float32, items*items)
	for i := range items {
		for j := range items {
			if i != j {
				b[i*items+j] = float32(-gram.At(i, j) / gram.At(j, j))
			}
		}
	}
	return b, nil
}

// scores adds up the rows of the items that a user has.
func scores(weights []float32, used []int32, into []float32) {
	clear(into)
	for _, i := range used {
		for j, w := range weights[int(i)*len(into) : (int(i)+1)*len(into)] {
			into[j] += w
		}
	}
}
