package classifier

import (
	"math/rand/v2"

	"foil/internal/artifact"
	"foil/internal/training"
	"foil/models/l2l"
	"foil/models/nn"
	"foil/models/random"
)

// batches divides the training images into batches, in a new order every epoch. Only the images of
// one batch are copied at a time.
type batches struct {
	images  artifact.ImageSet
	shape   artifact.Shape
	size    int
	crop    int
	flip    bool
	order   *training.Order // of the images
	augment *rand.Rand
	noise   *rand.Rand
	dropout rand.Source
}

func newBatches(m artifact.ImageSet, shape artifact.Shape, p *Params, streams *random.Streams) *batches {
	return &batches{
		images: m, shape: shape, size: p.Batch, crop: p.Crop, flip: p.Flip,
		order:   training.NewOrder(m.Len(), streams),
		augment: rand.New(streams.Source("augment")),
		noise:   rand.New(streams.Source("noise")),
		dropout: streams.Source("dropout"),
	}
}

// take makes a batch of the given images, cropped and flipped.
func (x *batches) take(rows []int32) l2l.Batch {
	size := x.shape.Size()
	b := l2l.Batch{X: make([]float32, len(rows)*size), Labels: make([]int32, len(rows))}
	for i, row := range rows {
		from := x.images.Pixels[int(row)*size : (int(row)+1)*size]
		x.draw().apply(b.X[i*size:(i+1)*size], from, x.shape)
		b.Labels[i] = x.images.Label[row]
	}
	return b
}

// draw draws the crop of an image, and whether it is mirrored. The number of draws does not depend
// on the values.
func (x *batches) draw() (c change) {
	if x.crop > 0 {
		c.row, c.column = x.augment.IntN(2*x.crop+1)-x.crop, x.augment.IntN(2*x.crop+1)-x.crop
	}
	if x.flip {
		c.mirror = x.augment.IntN(2) == 1
	}
	return c
}

// prepare adds the noise at the start of attacks (n nil: none) to a batch, and the dropout masks of
// the network for a number of passes.
func (x *batches) prepare(b *l2l.Batch, n random.Noise, network *nn.Network, passes int) {
	if n != nil {
		b.Noise = make([]float32, len(b.X))
		n(x.noise, b.Noise)
	}
	if network.Dropout != nil {
		b.Masks = network.Dropout.Masks(x.dropout, passes, len(b.Labels))
	}
}

// A change is an augmentation of an image: the content moves up by row and left by column, with
// zeros at the other side, and then it may be mirrored.
type change struct {
	row, column int
	mirror      bool
}

// apply writes the changed image. It converts bytes to numbers in [0, 1].
func (c change) apply(to []float32, from []uint8, s artifact.Shape) {
	clear(to)
	for channel := range s.Channels {
		for row := range s.Height {
			source := row + c.row
			if source < 0 || source >= s.Height {
				continue
			}
			line := from[(channel*s.Height+source)*s.Width:][:s.Width]
			into := to[(channel*s.Height+row)*s.Width:][:s.Width]
			for column := max(0, -c.column); column < min(s.Width, s.Width-c.column); column++ {
				at := column
				if c.mirror {
					at = s.Width - 1 - column
				}
				into[at] = float32(line[column+c.column]) / 255
			}
		}
	}
}
