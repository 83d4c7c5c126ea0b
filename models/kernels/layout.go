package kernels

// A Layout says where the values of images lie. Channels are in blocks of 16, so that a block of a
// pixel fills a register: [image, block, row, column, 16], with a border of zeros around each block.
// What a convolution reads may be packed instead if it has few channels, such as colours: [image, row,
// column, channel].
type Layout struct {
	Channels, Height, Width int
	Border                  int
	Packed                  bool
}

const block = 16

func (l Layout) blocks() int {
	if l.Packed {
		return 1
	}
	return (l.Channels + block - 1) / block
}

// pixel is the distance from a pixel to the next one, row and plane are those of rows and blocks.
func (l Layout) pixel() int {
	if l.Packed {
		return l.Channels
	}
	return block
}
func (l Layout) row() int   { return (l.Width + 2*l.Border) * l.pixel() }
func (l Layout) plane() int { return (l.Height + 2*l.Border) * l.row() }

// Size is the number of values of an image, with its border.
func (l Layout) Size() int { return l.blocks() * l.plane() }

// at is the place of a pixel of a block. Rows and columns may be in the border.
func (l Layout) at(b, row, column int) int {
	return b*l.plane() + (row+l.Border)*l.row() + (column+l.Border)*l.pixel()
}

// Load writes images [b, c, h, w] to x, whose border must be zero.
func (l Layout) Load(images, x []float32) {
	plane := l.Height * l.Width
	for n := range len(images) / (l.Channels * plane) {
		for c := range l.Channels {
			from := images[(n*l.Channels+c)*plane:]
			for r := range l.Height {
				to := x[n*l.Size()+l.place(c, r, 0):]
				for i, v := range from[r*l.Width : (r+1)*l.Width] {
					to[i*l.pixel()] = v
				}
			}
		}
	}
}

// Store is the reverse of Load.
func (l Layout) Store(x, images []float32) {
	plane := l.Height * l.Width
	for n := range len(images) / (l.Channels * plane) {
		for c := range l.Channels {
			to := images[(n*l.Channels+c)*plane:]
			for r := range l.Height {
				from := x[n*l.Size()+l.place(c, r, 0):]
				for i := range l.Width {
					to[r*l.Width+i] = from[i*l.pixel()]
				}
			}
		}
	}
}

func (l Layout) place(c, row, column int) int {
	if l.Packed {
		return l.at(0, row, column) + c
	}
	return l.at(c/block, row, column) + c%block
}
