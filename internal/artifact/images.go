package artifact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Images are the content of an artifact of type "images": pictures of one size,
// each of one class.
type Images struct {
	Shape       Shape
	Classes     []string // names, by label
	Train, Test ImageSet
}

// A Shape is the size of every image.
type Shape struct {
	Channels int `json:"channels"`
	Height   int `json:"height"`
	Width    int `json:"width"`
}

// maxImageBytes bounds the pixels of one image.
const maxImageBytes = 1 << 24

// Size is the number of bytes of an image.
func (s Shape) Size() int { return s.Channels * s.Height * s.Width }

// Check bounds the three numbers.
func (s Shape) Check() error {
	sound := true
	size := 1
	for _, n := range []int{s.Channels, s.Height, s.Width} {
		sound = sound && n >= 1 && n <= maxImageBytes/size
		size *= max(n, 1)
	}
	if !sound {
		return fmt.Errorf("images of %v: channels, height and width must be at least 1, and their product at most %d", s, maxImageBytes)
	}
	return nil
}

// String is CHANNELS x HEIGHT x WIDTH.
func (s Shape) String() string { return fmt.Sprintf("%d x %d x %d", s.Channels, s.Height, s.Width) }

type namedImageSet struct {
	file string
	set  *ImageSet
}

func (m *Images) sets() []namedImageSet {
	return []namedImageSet{{TrainFile, &m.Train}, {TestFile, &m.Test}}
}

// Write writes the four files.
func (m *Images) Write(create CreateFunc) error {
	if err := m.Shape.Check(); err != nil {
		return err
	}
	if err := WriteFile(create, ImageFile, func(w io.Writer) error { return json.NewEncoder(w).Encode(m.Shape) }); err != nil {
		return err
	}
	if err := WriteFile(create, ClassesFile, func(w io.Writer) error { return WriteClasses(w, m.Classes) }); err != nil {
		return err
	}
	for _, part := range m.sets() {
		write := func(w io.Writer) error { return writeImageSet(w, *part.set, m.Shape, len(m.Classes)) }
		if err := WriteFile(create, part.file, write); err != nil {
			return err
		}
	}
	return nil
}

// ReadImages reads and checks the four files.
func ReadImages(path PathFunc) (*Images, error) {
	m := &Images{}
	p, err := path(ImageFile)
	if err != nil {
		return nil, err
	}
	if m.Shape, err = ReadShape(p); err != nil {
		return nil, err
	}
	if p, err = path(ClassesFile); err != nil {
		return nil, err
	}
	if m.Classes, err = ReadClasses(p); err != nil {
		return nil, err
	}
	for _, part := range m.sets() {
		if p, err = path(part.file); err != nil {
			return nil, err
		}
		if *part.set, err = readImageSet(p, m.Shape, len(m.Classes)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// ReadShape reads ImageFile.
func ReadShape(path string) (s Shape, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err = d.Decode(&s); err == nil {
		err = s.Check()
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}
