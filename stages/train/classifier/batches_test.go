package classifier

import (
	"slices"
	"testing"

	"foil/internal/artifact"
	"foil/models/random"
)

// ramp is an image of one channel whose bytes count up, row by row.
func ramp(height, width int) ([]uint8, artifact.Shape) {
	pixels := make([]uint8, height*width)
	for i := range pixels {
		pixels[i] = uint8(i + 1)
	}
	return pixels, artifact.Shape{Channels: 1, Height: height, Width: width}
}

func TestImagesAreMovedAndMirrored(t *testing.T) {
	for _, c := range []struct {
		name string
		change
		want []float32 // bytes
	}{
		{"as it is", change{}, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"mirrored", change{mirror: true}, []float32{3, 2, 1, 6, 5, 4, 9, 8, 7}},
		{"up and left", change{row: 1, column: 1}, []float32{5, 6, 0, 8, 9, 0, 0, 0, 0}},
		{"down and right", change{row: -1, column: -2}, []float32{0, 0, 0, 0, 0, 1, 0, 0, 4}},
		{"left, then mirrored", change{column: 1, mirror: true}, []float32{0, 3, 2, 0, 6, 5, 0, 9, 8}},
		{"out of sight", change{row: 3}, make([]float32, 9)},
	} {
		pixels, shape := ramp(3, 3)
		got := slices.Repeat([]float32{7}, 9) // what was there before is no part of it
		c.apply(got, pixels, shape)
		for i := range got {
			got[i] *= 255
		}
		if !slices.EqualFunc(got, c.want, func(a, b float32) bool { return a-b < 1e-4 && b-a < 1e-4 }) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func testBatches(t *testing.T, seed uint64, edit func(*Params)) *batches {
	t.Helper()
	p := params.New()
	p.Batch = 4
	if edit != nil {
		edit(p)
	}
	m := &artifact.Images{Shape: artifact.Shape{Channels: 1, Height: 8, Width: 8}}
	for i := range 10 {
		m.Train.Label = append(m.Train.Label, int32(i))
		for range 64 {
			m.Train.Pixels = append(m.Train.Pixels, uint8(1+i))
		}
	}
	return newBatches(m.Train, m.Shape, p, random.NewStreams(seed))
}

// epochOf returns labels and pixels of an epoch.
func epochOf(x *batches) (labels []int32, pixels []float32) {
	x.order.Shuffle()
	for _, rows := range x.order.Batches(x.size) {
		b := x.take(rows)
		labels, pixels = append(labels, b.Labels...), append(pixels, b.X...)
	}
	return labels, pixels
}

func TestAnEpochHasEveryImageOnceWithItsLabel(t *testing.T) {
	x := testBatches(t, 1, func(p *Params) { p.Crop = 0 })
	first, pixels := epochOf(x)
	for i, label := range first {
		if got := pixels[i*64] * 255; got < float32(label)+0.99 || got > float32(label)+1.01 {
			t.Errorf("image %d has label %d and pixels of %g", i, label, got)
		}
	}
	second, _ := epochOf(x)
	if slices.Equal(first, second) {
		t.Error("two epochs have one order")
	}
	for _, labels := range [][]int32{first, second} {
		if slices.Sort(labels); !slices.Equal(labels, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Errorf("an epoch has the images %v", labels)
		}
	}
}

func TestSeedsHaveTheirOwnBatches(t *testing.T) {
	labels, pixels := epochOf(testBatches(t, 1, nil))
	again, samePixels := epochOf(testBatches(t, 1, nil))
	if !slices.Equal(labels, again) || !slices.Equal(pixels, samePixels) {
		t.Error("one seed gives two epochs")
	}
	other, _ := epochOf(testBatches(t, 2, nil))
	if slices.Equal(labels, other) {
		t.Error("two seeds give one order")
	}
	if !slices.Contains(pixels, 0) {
		t.Error("no image was cropped")
	}
}

// TestCropsReachAsFarAsThePadding finds out how a bright pixel of its own in each image
// has moved: by up to 4 to every side, and mirrored half of the time.
func TestCropsReachAsFarAsThePadding(t *testing.T) {
	const size, images = 16, 400
	p := params.New()
	p.Batch = images
	m := &artifact.Images{Shape: artifact.Shape{Channels: 1, Height: size, Width: size}}
	for range images {
		pixels := make([]uint8, size*size)
		pixels[7*size+5], pixels[7*size+6] = 255, 128 // never cut off; their order tells the side
		m.Train.Label, m.Train.Pixels = append(m.Train.Label, 0), append(m.Train.Pixels, pixels...)
	}
	_, pixels := epochOf(newBatches(m.Train, m.Shape, p, random.NewStreams(1)))
	rows, columns, mirrored := map[int]int{}, map[int]int{}, 0
	for i := range images {
		image := pixels[i*size*size:][:size*size]
		at, beside := slices.Index(image, 1), slices.IndexFunc(image, func(v float32) bool { return v > 0 && v < 1 })
		column := at % size
		if beside < at {
			mirrored++
			column = size - 1 - column
		}
		rows[at/size-7]++
		columns[column-5]++
	}
	for _, moved := range []map[int]int{rows, columns} {
		for by := -4; by <= 4; by++ {
			if n := moved[by]; n < images/9/2 {
				t.Errorf("%d of %d images moved by %d", n, images, by)
			}
		}
		if len(moved) != 9 {
			t.Errorf("images moved by %v, want -4 to 4", moved)
		}
	}
	if mirrored < images*4/10 || mirrored > images*6/10 {
		t.Errorf("%d of %d images are mirrored", mirrored, images)
	}
}
