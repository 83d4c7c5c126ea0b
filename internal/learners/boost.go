package learners

import "fmt"

// TreeSettings are the settings of gradient-boosted trees. The zero value of none is useful.
type TreeSettings struct {
	Rate    float64 // what a tree counts
	Leaves  int     // at most, of a tree
	MinLeaf int     // rows of a leaf, at least
}

// A Booster grows trees on training data, a round at a time: one tree for numbers and for two
// classes, and one for each of more classes. The loss is the cross-entropy of classes, or the
// absolute error of numbers, for which the value of a leaf is the median of what is left of its
// rows.
type Booster struct {
	TreeSettings
	Start []float64 // the outputs without a tree

	data    *binned
	class   []int32
	value   []float64
	weight  []float64
	raw     *Matrix // outputs for the training rows
	grower  grower
	residue []float64
}

// NewClassBooster makes a booster of classes. weight nil is 1 for all.
func NewClassBooster(x *Matrix, class []int32, classes int, weight []float64, s TreeSettings) (*Booster, error) {
	if err := checkClasses(x, class, classes); err != nil {
		return nil, err
	}
	b := newBooster(x, weight, s)
	b.class, b.weight = class, ones(weight, x.Rows())
	share := make([]float64, classes)
	total := 0.0
	for i, c := range class {
		share[c] += b.weight[i]
		total += b.weight[i]
	}
	if classes == 2 {
		b.Start = []float64{log(share[1] / share[0])}
	} else {
		mean := 0.0
		for k := range share {
			// A class without rows starts at one millionth and falls from there.
			share[k] = log(max(share[k]/total, 1e-6))
			mean += share[k] / float64(classes)
		}
		for k := range share {
			share[k] -= mean
		}
		b.Start = share
	}
	b.raw = b.Raw(x)
	return b, nil
}

// NewNumberBooster makes a booster of numbers.
func NewNumberBooster(x *Matrix, value []float64, s TreeSettings) (*Booster, error) {
	if len(value) != x.Rows() || len(value) == 0 {
		return nil, fmt.Errorf("%d numbers for %d vectors", len(value), x.Rows())
	}
	b := newBooster(x, nil, s)
	b.value = value
	b.Start = []float64{median(append([]float64(nil), value...))}
	b.raw = b.Raw(x)
	return b, nil
}

func newBooster(x *Matrix, weight []float64, s TreeSettings) *Booster {
	b := &Booster{TreeSettings: s, data: newBinned(x, weight)}
	b.grower = grower{data: b.data, minLeaf: s.MinLeaf, gradient: make([]float64, x.Rows()), hessian: make([]float64, x.Rows())}
	return b
}

// Raw returns the outputs for rows without a tree: logits, or numbers. One logit is that of the
// second of two classes.
func (b *Booster) Raw(x *Matrix) *Matrix {
	raw := &Matrix{Width: len(b.Start)}
	for range x.Rows() {
		raw.X = append(raw.X, b.Start...)
	}
	return raw
}

// Round grows the next trees, one for each output.
func (b *Booster) Round() []*Tree {
	// The derivatives of all outputs are at the outputs before the round.
	n := b.raw.Rows()
	width := b.raw.Width
	gradients := make([]float64, len(b.raw.X))
	hessians := make([]float64, len(b.raw.X))
	if b.class != nil {
		logits := make([]float64, width)
		for i := range n {
			copy(logits, b.raw.Row(i))
			residuals(logits, b.class[i])
			for k, r := range logits {
				p := r
				if width == 1 && b.class[i] == 1 || width > 1 && int(b.class[i]) == k {
					p++
				}
				gradients[i*width+k] = b.weight[i] * r
				hessians[i*width+k] = b.weight[i] * float64(p*(1-p))
			}
		}
	} else {
		for i := range n {
			gradients[i], hessians[i] = -1, 1
			if b.raw.X[i] > b.value[i] {
				gradients[i] = 1
			}
		}
	}
	var trees []*Tree
	for k := range width {
		for i := range n {
			b.grower.gradient[i], b.grower.hessian[i] = gradients[i*width+k], hessians[i*width+k]
		}
		b.grower.grow(b.Leaves)
		for _, l := range b.grower.leaves {
			node := &b.grower.tree.nodes[l.node]
			rows := b.grower.rows[l.from:l.to]
			if b.value != nil {
				b.residue = b.residue[:0]
				for _, i := range rows {
					b.residue = append(b.residue, b.value[i]-b.raw.X[i])
				}
				node.value = median(b.residue)
			}
			node.value *= b.Rate
			for _, i := range rows {
				b.raw.X[int(i)*width+k] += node.value
			}
		}
		trees = append(trees, b.grower.tree)
	}
	return trees
}

// AddTo adds the trees of a round to the outputs raw for the rows x.
func AddTo(raw, x *Matrix, trees []*Tree) {
	for i := range x.Rows() {
		to := raw.Row(i)
		for k, t := range trees {
			to[k] += t.predict(x.Row(i))
		}
	}
}

// Probabilities turns raw outputs of classes into probabilities.
func Probabilities(raw *Matrix) *Matrix { return probabilities(raw) }
