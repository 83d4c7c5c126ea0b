package l2l

import (
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/random"
)

// A Dropout says which features a network drops in training mode: each with the
// given probability, anew for every image and pass. Which ones is said by masks,
// which are inputs, so that their random stream is the caller's.
type Dropout struct {
	Width       int // features of an image
	Probability float64
}

// Masks draws a step's masks [passes, b, width]: what features are multiplied by, 0
// or what makes up for the others.
func (d Dropout) Masks(b compute.Backend, src rand.Source, passes, batch int) (*tensors.Tensor, error) {
	masks, err := backend.NewTensor(b, passes, batch, d.Width)
	if err != nil {
		return nil, err
	}
	limit, kept := random.DropoutLimit(d.Probability), float32(1/(1-d.Probability))
	bits := make([]uint16, masks.Size())
	random.Bits(src, bits)
	return masks, backend.Write(masks, func(x []float32) {
		for i, v := range bits {
			if uint32(v) >= limit {
				x[i] = kept
			}
		}
	})
}

// masks are the batch's as the last input of a network's graph with so many passes
// in training mode: none where it drops nothing.
func (b Batch) masks(n *Network, passes int) ([]any, error) {
	if n.Dropout == nil {
		return nil, nil
	}
	want := []int{passes, b.X.Shape().Dim(0), n.Dropout.Width}
	if b.Masks == nil {
		return nil, fmt.Errorf("the network drops features in training, and the batch has no masks: it needs them of shape %v", want)
	}
	if b.Masks.Shape().CheckDims(want...) != nil {
		return nil, fmt.Errorf("the masks have shape %v, and %v is needed", b.Masks.Shape().Dimensions, want)
	}
	return []any{b.Masks}, nil
}

// bindMasked is Bind where masks [passes, b, width] may come behind the weights. Each
// pass in training mode takes the next of them.
func (n *Network) bindMasked(nodes []*Node) *Bound {
	weights := len(n.Params)
	b := n.Bind(nodes[:weights])
	if len(nodes) > weights {
		masks := nodes[weights]
		for i := range masks.Shape().Dim(0) {
			b.masks = append(b.masks, Squeeze(Slice(masks, AxisElem(i)), 0))
		}
	}
	return b
}

// drop multiplies features [b, width] by the pass's mask, where it has one.
func (p *pass) drop(x *Node) *Node {
	if p.mask == nil {
		return x
	}
	return Mul(x, p.mask)
}
