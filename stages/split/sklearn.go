package split

import "math"

// kFold says for each of 0..n-1 which fold it is tested in: scikit-learn's
// KFold(folds, shuffle=True, random_state=seed). The first n % folds folds are
// one larger.
func kFold(n, folds int, seed uint32) []int {
	fold := make([]int, n)
	p := newMT19937(seed).permutation(n)
	for f := range folds {
		size := n / folds
		if f < n%folds {
			size++
		}
		for _, i := range p[:size] {
			fold[i] = f
		}
		p = p[size:]
	}
	return fold
}

// holdOut divides 0..n-1: scikit-learn's train_test_split(test_size=share,
// random_state=seed), whose train part is the input and whose test part are the targets.
func holdOut(n int, share float64, seed uint32) (input, target []int32) {
	p := newMT19937(seed).permutation(n)
	tests := int(math.Ceil(share * float64(n)))
	return p[tests:], p[:tests]
}
