package load

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"

	"foil/internal/artifact"
)

// appendPixels decodes an image and appends its planes of red, green and blue.
func appendPixels(to []uint8, raw []byte) (artifact.Shape, []uint8, error) {
	head, form, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return artifact.Shape{}, to, errors.New("it is neither a PNG nor a JPEG file")
	}
	const most = 1 << 12 // pixels of a side
	if head.Width < 1 || head.Height < 1 || head.Width > most || head.Height > most {
		return artifact.Shape{}, to, fmt.Errorf("it has %d x %d pixels; 1 to %d are allowed", head.Width, head.Height, most)
	}
	m, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return artifact.Shape{}, to, fmt.Errorf("it is damaged: %w (%s)", err, form)
	}
	b := m.Bounds()
	s := artifact.Shape{Channels: channels, Height: b.Dy(), Width: b.Dx()}
	plane := s.Height * s.Width
	from := len(to)
	to = append(to, make([]uint8, s.Size())...)
	for y := range s.Height {
		for x := range s.Width {
			c := color.NRGBAModel.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
			if c.A != 255 {
				return s, to, fmt.Errorf("pixel %d, %d is transparent; save it without transparency", x, y)
			}
			at := from + y*s.Width + x
			to[at], to[at+plane], to[at+2*plane] = c.R, c.G, c.B
		}
	}
	return s, to, nil
}
