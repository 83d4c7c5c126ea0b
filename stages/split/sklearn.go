package split

import "math"

// kFold returns, for each of 0..n-1, the fold in which it is tested, as in scikit-learn's
// KFold(folds, shuffle=True, random_state=seed). The first n % folds folds have one element more.
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

// holdOut divides 0..n-1 as scikit-learn's train_test_split(test_size=share, random_state=seed).
// Its train part is the input, its test part the targets.
func holdOut(n int, share float64, seed uint32) (input, target []int32) {
	p := newMT19937(seed).permutation(n)
	tests := int(math.Ceil(share * float64(n)))
	return p[tests:], p[:tests]
}
