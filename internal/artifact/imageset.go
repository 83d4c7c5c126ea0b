package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
)

// An ImageSet is a list of images with their labels. It must not be changed, because the pixels may
// be the bytes of a file.
type ImageSet struct {
	Label  []int32
	Pixels []uint8 // image after image: planes of the channels, row by row
}

// Len is the number of images.
func (x ImageSet) Len() int { return len(x.Label) }

// Values are the pixels of the first n images from 0 (black) to 1.
func (x ImageSet) Values(n int, shape Shape) []float32 {
	out := make([]float32, n*shape.Size())
	for i, b := range x.Pixels[:len(out)] {
		out[i] = float32(b) / 255
	}
	return out
}

// Check compares the pixels with the shape, and the labels with the number of classes.
func (x ImageSet) Check(shape Shape, classes int) error {
	if len(x.Pixels) != x.Len()*shape.Size() {
		return fmt.Errorf("%d bytes of pixels for %d images of %v, which need %d", len(x.Pixels), x.Len(), shape, x.Len()*shape.Size())
	}
	for i, label := range x.Label {
		if label < 0 || int(label) >= classes {
			return fmt.Errorf("column %q, row %d: %d is outside 0..%d", "label", i, label, classes-1)
		}
	}
	return nil
}

func writeImageSet(w io.Writer, x ImageSet, shape Shape, classes int) error {
	if err := x.Check(shape, classes); err != nil {
		return err
	}
	return encode(w, int32Column("label", x.Label), fixedColumn("image", x.Pixels, shape.Size()))
}

func readImageSet(path string, shape Shape, classes int) (x ImageSet, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return x, err
	}
	if x, err = decodeImageSet(raw, shape); err == nil {
		err = x.Check(shape, classes)
	}
	if err != nil {
		return x, fmt.Errorf("%s: %w", path, err)
	}
	return x, nil
}

// decodeImageSet returns the images of a file. With one batch, the pixels share the bytes of raw.
func decodeImageSet(raw []byte, shape Shape) (x ImageSet, err error) {
	defer soundly(&err)
	l, err := inspect(raw)
	if err != nil {
		return x, fmt.Errorf("not a valid Arrow file: %w", err)
	}
	f, err := ipc.NewFileReader(bytes.NewReader(raw), ipc.WithAllocator(newBudget(len(raw))))
	if err != nil {
		return x, fmt.Errorf("not a valid Arrow file: %w", err)
	}
	t := &table{fields: f.Schema().Fields()}
	if err := t.expect("label", "image"); err != nil {
		return x, err
	}
	if err := t.check(0, arrow.INT32, false); err != nil {
		return x, err
	}
	if err := t.check(1, arrow.FIXED_SIZE_BINARY, false); err != nil {
		return x, err
	}
	if width := l.columns[1].width; width != shape.Size() {
		return x, fmt.Errorf("images have %d bytes, but %v in %s means %d", width, shape, ImageFile, shape.Size())
	}
	if l.bigEndian {
		return x, errors.New("the file is big-endian; write it little-endian")
	}
	if x.Label, err = l.int32s(0); err != nil {
		return x, err
	}
	x.Pixels, err = l.values(1, shape.Size())
	return x, err
}
