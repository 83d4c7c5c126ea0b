package artifact

import (
	"fmt"

	"foil/internal/npy"
)

// PixelArray reads the images in an array of NumPy: [n, height, width, channels] as Pillow has them,
// [n, channels, height, width] as PyTorch has them, or [n, height, width] for grey ones. There are 1
// or 3 channels. The pixels are in planes of channels; they may share the bytes of the array.
func PixelArray(a *npy.Array) (shape Shape, pixels []uint8, err error) {
	if pixels, err = a.Bytes(); err != nil {
		return shape, nil, fmt.Errorf("%w: from 0 (black) to 255, in NumPy for values from 0 to 1 (255 * x).round().astype(\"uint8\")", err)
	}
	channels := func(n int) bool { return n == 1 || n == 3 }
	s := a.Shape
	switch {
	case len(s) == 3:
		shape = Shape{Channels: 1, Height: s[1], Width: s[2]}
	case len(s) == 4 && channels(s[1]) && channels(s[3]):
		return shape, nil, fmt.Errorf("the shape %s may be (n, channels, height, width) or (n, height, width, channels)", a.ShapeText())
	case len(s) == 4 && channels(s[3]):
		shape = Shape{Channels: s[3], Height: s[1], Width: s[2]}
		pixels = planes(pixels, shape)
	case len(s) == 4 && channels(s[1]):
		shape = Shape{Channels: s[1], Height: s[2], Width: s[3]}
	default:
		return shape, nil, fmt.Errorf("it has the shape %s; it must be (n, height, width, channels), (n, channels, height, width) or (n, height, width), "+
			"with 1 or 3 channels", a.ShapeText())
	}
	if s[0] == 0 {
		return shape, nil, fmt.Errorf("it has the shape %s: there are no images", a.ShapeText())
	}
	return shape, pixels, shape.Check()
}

// planes turns rows of pixels into planes of channels.
func planes(pixels []uint8, s Shape) []uint8 {
	if s.Channels == 1 {
		return pixels
	}
	out := make([]uint8, len(pixels))
	area := s.Height * s.Width
	for at := 0; at < len(pixels); at += s.Size() {
		for i := range area {
			for c := range s.Channels {
				out[at+c*area+i] = pixels[at+i*s.Channels+c]
			}
		}
	}
	return out
}
