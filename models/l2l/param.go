package l2l

import "math/rand/v2"

// A Param says what one tensor of a network is.
type Param struct {
	Name      string // as in the authors' checkpoints
	Shape     []int  // as in PyTorch
	Trainable bool   // moved by gradients; running statistics are not

	init initializer
}

// An initializer fills a tensor with the values that training starts from.
type initializer func(r *rand.Rand, x []float32)

// Size is the number of values.
func (p Param) Size() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// A builder collects the parameters of a network's layers in order. Layers know
// their parameters by the index that it returns.
type builder struct{ params []Param }

func (b *builder) trainable(name string, init initializer, shape ...int) int {
	b.params = append(b.params, Param{Name: name, Shape: shape, Trainable: true, init: init})
	return len(b.params) - 1
}

func (b *builder) statistic(name string, start float32, size int) int {
	b.params = append(b.params, Param{Name: name, Shape: []int{size}, init: constant(start)})
	return len(b.params) - 1
}
