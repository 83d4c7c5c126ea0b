package learners

import "slices"

// A Tree is a regression tree. A row with x[Column] <= Threshold goes left.
type Tree struct{ nodes []treeNode }

type treeNode struct {
	column      int
	threshold   float64
	left, right int // nodes; 0 in a leaf
	value       float64
}

// predict is the value of the leaf of a row.
func (t *Tree) predict(row []float64) float64 {
	n := &t.nodes[0]
	for n.left > 0 {
		if row[n.column] <= n.threshold {
			n = &t.nodes[n.left]
		} else {
			n = &t.nodes[n.right]
		}
	}
	return n.value
}

// minHessian is the smallest sum of second derivatives of a leaf, and tiny keeps a quotient finite.
const (
	minHessian = 1e-3
	tiny       = 1e-15
)

// A sum is the derivatives of the loss of some rows.
type sum struct {
	gradient, hessian float64
	rows              int
}

func (s sum) minus(o sum) sum {
	return sum{s.gradient - o.gradient, s.hessian - o.hessian, s.rows - o.rows}
}

// gain is the fall of the loss in the best step for the rows, twice.
func (s sum) gain() float64 { return float64(s.gradient*s.gradient) / (s.hessian + tiny) }

// A grower grows a tree leaf by leaf, the one with the largest gain first.
type grower struct {
	data              *binned
	gradient, hessian []float64 // of each row
	minLeaf           int
	rows              []int32 // a permutation: the rows of a leaf stand together
	spare             []int32
	tree              *Tree
	leaves            []leaf
	free              [][]sum // histograms for reuse
}

// A leaf of a tree that grows.
type leaf struct {
	node        int
	from, to    int // in rows
	total       sum
	histograms  []sum // of the bins of all columns; nil: cannot be split
	gain        float64
	column, bin int
	left        sum
}

// grow grows a tree with at most leaves leaves.
func (g *grower) grow(leaves int) {
	n := len(g.gradient)
	g.rows, g.spare = make([]int32, n), make([]int32, n)
	root := leaf{to: n}
	for i := range g.rows {
		g.rows[i] = int32(i)
		root.total.gradient += g.gradient[i]
		root.total.hessian += g.hessian[i]
	}
	root.total.rows = n
	g.tree = &Tree{nodes: make([]treeNode, 1, 2*leaves)}
	g.leaves = append(g.leaves[:0], root)
	g.fill(&g.leaves[0])
	g.best(&g.leaves[0])
	for len(g.leaves) < leaves {
		best := -1
		for i := range g.leaves {
			if g.leaves[i].gain > 0 && (best < 0 || g.leaves[i].gain > g.leaves[best].gain) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		g.split(best, len(g.leaves)+1 == leaves)
	}
	for i := range g.leaves {
		l := &g.leaves[i]
		g.tree.nodes[l.node].value = -l.total.gradient / (l.total.hessian + tiny)
		g.release(l)
	}
}

// fill counts the histograms of a leaf.
func (g *grower) fill(l *leaf) {
	l.histograms = g.histograms()
	rows := g.rows[l.from:l.to]
	for j, bins := range g.data.bins {
		h := l.histograms[g.data.start[j]:g.data.start[j+1]]
		for _, i := range rows {
			s := &h[bins[i]]
			s.gradient += g.gradient[i]
			s.hessian += g.hessian[i]
			s.rows++
		}
	}
}

func (g *grower) histograms() []sum {
	if n := len(g.free); n > 0 {
		h := g.free[n-1]
		g.free = g.free[:n-1]
		clear(h)
		return h
	}
	return make([]sum, g.data.start[len(g.data.bins)])
}

func (g *grower) release(l *leaf) {
	if l.histograms != nil {
		g.free = append(g.free, l.histograms)
		l.histograms = nil
	}
}

// splittable reports whether a leaf has rows for two.
func (g *grower) splittable(l *leaf) bool {
	return l.total.rows >= 2*g.minLeaf && l.total.hessian >= minHessian
}

// best finds the split with the largest gain. On a tie the first column and bin wins.
func (g *grower) best(l *leaf) {
	before := l.total.gain()
	for j, edges := range g.data.edges {
		h := l.histograms[g.data.start[j]:g.data.start[j+1]]
		var left sum
		for b := range edges {
			left.gradient += h[b].gradient
			left.hessian += h[b].hessian
			left.rows += h[b].rows
			if left.rows < g.minLeaf || left.hessian < minHessian {
				continue
			}
			right := l.total.minus(left)
			if right.rows < g.minLeaf || right.hessian < minHessian {
				break
			}
			if gain := left.gain() + right.gain() - before; gain > l.gain {
				l.gain, l.column, l.bin, l.left = gain, j, b, left
			}
		}
	}
}

// split splits a leaf. The new leaves of the last split are not split again.
func (g *grower) split(at int, last bool) {
	parent := g.leaves[at]
	bins := g.data.bins[parent.column]
	right := g.spare[:0]
	middle := parent.from
	for _, i := range g.rows[parent.from:parent.to] {
		if int(bins[i]) <= parent.bin {
			g.rows[middle] = i
			middle++
		} else {
			right = append(right, i)
		}
	}
	copy(g.rows[middle:], right)
	n := len(g.tree.nodes)
	g.tree.nodes = append(g.tree.nodes, treeNode{}, treeNode{})
	node := &g.tree.nodes[parent.node]
	node.column, node.threshold = parent.column, g.data.edges[parent.column][parent.bin]
	node.left, node.right = n, n+1
	a := leaf{node: n, from: parent.from, to: middle, total: parent.left}
	b := leaf{node: n + 1, from: middle, to: parent.to, total: parent.total.minus(parent.left)}
	if splitA, splitB := g.splittable(&a), g.splittable(&b); !last && (splitA || splitB) {
		small, large := &a, &b
		if a.total.rows > b.total.rows {
			small, large = &b, &a
		}
		// The histograms of the larger leaf are those of the parent without the smaller one's.
		g.fill(small)
		large.histograms = parent.histograms
		for i := range large.histograms {
			large.histograms[i] = large.histograms[i].minus(small.histograms[i])
		}
		for _, l := range []*leaf{small, large} {
			if g.splittable(l) {
				g.best(l)
			}
			if l.gain <= 0 {
				g.release(l)
			}
		}
	} else {
		g.release(&parent)
	}
	g.leaves[at] = a
	g.leaves = slices.Insert(g.leaves, at+1, b)
}
