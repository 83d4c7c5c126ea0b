package classifier

import (
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/artifact"
	"foil/internal/training"
	"foil/models/backend"
	"foil/models/l2l"
	"foil/models/nn"
	"foil/models/random"
)

// batches divides the training images into batches, in a new order every epoch. Only the images of
// one batch are copied at a time.
type batches struct {
	backend compute.Backend
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

func newBatches(b compute.Backend, m *artifact.Images, p *Params, streams *random.Streams) *batches {
	return &batches{
		backend: b, images: m.Train, shape: m.Shape, size: p.Batch, crop: p.Crop, flip: p.Flip,
		order:   training.NewOrder(m.Train.Len(), streams),
		augment: rand.New(streams.Source("augment")),
		noise:   rand.New(streams.Source("noise")),
		dropout: streams.Source("dropout"),
	}
}

// A batch holds images [b, c, h, w] with their labels [b]. The caller must release it.
type batch struct{ images, labels *tensors.Tensor }

func (b batch) release() error { return backend.Release(b.images, b.labels) }

// take makes a batch of the given images, cropped and flipped.
func (x *batches) take(rows []int32) (batch, error) {
	images, err := backend.NewTensor(x.backend, len(rows), x.shape.Channels, x.shape.Height, x.shape.Width)
	if err != nil {
		return batch{}, err
	}
	size := x.shape.Size()
	err = backend.Write(images, func(to []float32) {
		for i, row := range rows {
			from := x.images.Pixels[int(row)*size : (int(row)+1)*size]
			x.draw().apply(to[i*size:(i+1)*size], from, x.shape)
		}
	})
	return batch{images, labelsOf(x.images.Label, rows)}, err
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

// input returns a batch for networks, with the noise at the start of attacks (n nil: none) and the
// dropout masks of the network for a number of passes. The caller must release the noise and the
// masks.
func (x *batches) input(of batch, n random.Noise, network *nn.Network, passes int) (in l2l.Batch, err error) {
	in = l2l.Batch{X: of.images, Labels: of.labels}
	if n != nil {
		if in.Noise, err = x.start(of, n); err != nil {
			return in, err
		}
	}
	if network.Dropout != nil {
		in.Masks, err = network.Dropout.Masks(x.backend, x.dropout, passes, of.images.Shape().Dim(0))
	}
	return in, err
}

// start draws the noise at the start of an attack on a batch, [b, c, h, w].
func (x *batches) start(of batch, n random.Noise) (*tensors.Tensor, error) {
	t, err := backend.NewTensor(x.backend, of.images.Shape().Dimensions...)
	if err != nil {
		return nil, err
	}
	return t, backend.Write(t, func(to []float32) { n(x.noise, to) })
}

// labelsOf returns the labels of the given rows, [b].
func labelsOf(labels []int32, rows []int32) *tensors.Tensor {
	out := make([]int32, len(rows))
	for i, row := range rows {
		out[i] = labels[row]
	}
	return tensors.FromFlatDataAndDimensions(out, len(out))
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
