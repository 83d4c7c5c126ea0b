package artifact

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// The columns of tables that programs write about users.
const (
	latentColumn = "latent"
	scoreColumn  = "score"
	labelColumn  = "label"
	imageColumn  = "image"
)

// readVectorTable reads a table with the columns user and latent, which holds lists of numbers.
// Columns split and checkpoint are optional.
func readVectorTable(path string) (*UserVectors, error) {
	raw, err := ReadRaw(path)
	if err != nil {
		return nil, err
	}
	return parseVectorTable(raw)
}

func parseVectorTable(raw []byte) (v *UserVectors, err error) {
	defer soundly(&err)
	t, err := decodeForeign(raw)
	if err != nil {
		return nil, err
	}
	if err := t.only([]string{userColumn, latentColumn}, []string{splitColumn, checkpointColumn}); err != nil {
		return nil, err
	}
	v = &UserVectors{}
	if v.User, err = t.int32s(t.find(userColumn), false); err != nil {
		return nil, err
	}
	if v.Split, err = t.splits(Train, Validation, Test); err != nil {
		return nil, err
	}
	if v.Best, err = t.best(); err != nil {
		return nil, err
	}
	v.Z, v.Width, err = t.vectors(t.find(latentColumn))
	return v, err
}

// ItemScores is a table of scores as a program writes it: one row per user and item.
type ItemScores struct {
	User, Item []int32
	Split      []string // of each row; nil: the score is for all parts with the user
	Score      []float32
}

// ReadItemScores reads a table with the columns user, item and score, and optionally split.
func ReadItemScores(path string) (s *ItemScores, err error) {
	defer soundly(&err)
	t, err := readForeign(path)
	if err != nil {
		return nil, err
	}
	if err := t.only([]string{userColumn, itemColumn, scoreColumn}, []string{splitColumn}); err != nil {
		return nil, err
	}
	s = &ItemScores{}
	if s.User, err = t.int32s(t.find(userColumn), false); err != nil {
		return nil, err
	}
	if s.Item, err = t.int32s(t.find(itemColumn), false); err != nil {
		return nil, err
	}
	if s.Split, err = t.splits(Train, Validation, Test); err != nil {
		return nil, err
	}
	s.Score, err = t.rounded(t.find(scoreColumn))
	return s, err
}

// ReadForeignImages reads images as a program writes them: the columns label, and image with the
// bytes of each image, as bytes or as lists of whole numbers from 0 to 255.
func ReadForeignImages(path string, shape Shape) (x ImageSet, err error) {
	defer soundly(&err)
	t, err := readForeign(path)
	if err != nil {
		return x, err
	}
	if err := t.only([]string{labelColumn, imageColumn}, nil); err != nil {
		return x, err
	}
	if x.Label, err = t.int32s(t.find(labelColumn), false); err != nil {
		return x, err
	}
	x.Pixels, err = t.pixels(t.find(imageColumn), shape)
	return x, err
}

// classes reads the names of classes, by label.
func (t *foreignTable) classes() ([]string, error) {
	if err := t.only([]string{"name"}, nil); err != nil {
		return nil, err
	}
	return t.texts(t.find("name"), false)
}

func readForeign(path string) (*foreignTable, error) {
	raw, err := ReadRaw(path)
	if err != nil {
		return nil, err
	}
	return decodeForeign(raw)
}

// splits reads the column split, which is optional.
func (t *foreignTable) splits(allowed ...string) ([]string, error) {
	return t.words(splitColumn, allowed)
}

// best reads the column checkpoint, which is optional.
func (t *foreignTable) best() ([]bool, error) {
	texts, err := t.words(checkpointColumn, []string{"best", "last"})
	if texts == nil || err != nil {
		return nil, err
	}
	best := make([]bool, len(texts))
	for i, text := range texts {
		best[i] = text == "best"
	}
	return best, nil
}

// words reads an optional column of texts that are some words only.
func (t *foreignTable) words(column string, allowed []string) ([]string, error) {
	i := t.find(column)
	if i < 0 {
		return nil, nil
	}
	texts, err := t.texts(i, false)
	if err != nil {
		return nil, err
	}
	for row, text := range texts {
		if !slices.Contains(allowed, text) {
			return nil, fmt.Errorf("column %q, row %d: %q is not one of %s", column, row, text, quoted(allowed))
		}
	}
	return texts, nil
}

// rounded reads finite numbers, rounded to float32.
func (t *foreignTable) rounded(column int) ([]float32, error) {
	if !isNumeric(t.fields[column].Type) {
		return nil, t.wrongType(column, "a number", "float32")
	}
	values := make([]float32, 0, t.rows)
	err := t.each(column, func(_ int, a arrow.Array, i int) error {
		v, ok := numberAt(a, i)
		if !ok {
			return errNull
		}
		f, _ := v.float()
		if err := Finite(float32(f)); err != nil {
			return err
		}
		values = append(values, float32(f))
		return nil
	})
	return values, err
}

// Finite refuses NaN and infinities.
func Finite(v float32) error {
	if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return fmt.Errorf("it is %g, and must be a finite number", v)
	}
	return nil
}

// listElement is the type of the elements of a list, or nil for other types. The rows of these lists
// follow one another.
func listElement(t arrow.DataType) arrow.DataType {
	switch t.ID() {
	case arrow.LIST, arrow.LARGE_LIST, arrow.FIXED_SIZE_LIST:
		return t.(arrow.ListLikeType).Elem()
	}
	return nil
}

// vectors reads a column of lists of numbers, which all have the same length.
func (t *foreignTable) vectors(column int) (z []float32, width int, err error) {
	f := t.fields[column]
	if elem := listElement(f.Type); elem == nil || !isNumeric(elem) {
		return nil, 0, fmt.Errorf("column %q is %s; it must be lists of numbers: cast it, in pyarrow with cast(pa.list_(pa.float32()))", f.Name, typeInWords(f.Type))
	}
	width = -1
	err = t.each(column, func(row int, a arrow.Array, i int) error {
		l := a.(array.ListLike)
		if l.IsNull(i) {
			return errNull
		}
		start, end := l.ValueOffsets(i)
		switch n := int(end - start); {
		case n == 0:
			return errors.New("the list is empty")
		case width < 0:
			width = n
		case n != width:
			return fmt.Errorf("the list has %d numbers, and the first row has %d; all rows must have the same number", n, width)
		}
		values := l.ListValues()
		for j := start; j < end; j++ {
			v, ok := numberAt(values, int(j))
			if !ok {
				return fmt.Errorf("number %d is null; every number must be there", j-start)
			}
			f, _ := v.float()
			if err := Finite(float32(f)); err != nil {
				return fmt.Errorf("number %d: %w", j-start, err)
			}
			z = append(z, float32(f))
		}
		return nil
	})
	return z, max(width, 0), err
}

// pixels reads a column of bytes, or of lists of whole numbers from 0 to 255.
func (t *foreignTable) pixels(column int, shape Shape) ([]uint8, error) {
	f := t.fields[column]
	isList := false
	switch f.Type.ID() {
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.FIXED_SIZE_BINARY, arrow.BINARY_VIEW:
	default:
		if elem := listElement(f.Type); elem == nil || !arrow.IsInteger(elem.ID()) {
			return nil, fmt.Errorf("column %q is %s; it must be the bytes of each image: in Python image.astype(\"uint8\").tobytes()", f.Name, typeInWords(f.Type))
		}
		isList = true
	}
	var pixels []uint8
	err := t.each(column, func(_ int, a arrow.Array, i int) error {
		if a.IsNull(i) {
			return errNull
		}
		before := len(pixels)
		if isList {
			l := a.(array.ListLike)
			start, end := l.ValueOffsets(i)
			for j := start; j < end; j++ {
				v, ok := numberAt(l.ListValues(), int(j))
				if whole, _ := v.whole(); !ok || whole < 0 || whole > 255 {
					return fmt.Errorf("pixel %d is %s; pixels are whole numbers from 0 to 255", j-start, v)
				}
				pixels = append(pixels, uint8(v.i))
			}
		} else {
			switch a := a.(type) {
			case *array.Binary:
				pixels = append(pixels, a.Value(i)...)
			case *array.BinaryView:
				pixels = append(pixels, a.Value(i)...)
			case *array.LargeBinary:
				pixels = append(pixels, a.Value(i)...)
			case *array.FixedSizeBinary:
				pixels = append(pixels, a.Value(i)...)
			}
		}
		if n := len(pixels) - before; n != shape.Size() {
			return fmt.Errorf("the image has %d bytes, and %v of %s means %d", n, shape, ImageFile, shape.Size())
		}
		return nil
	})
	return pixels, err
}
