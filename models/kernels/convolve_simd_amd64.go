//go:build amd64 && goexperiment.simd

package kernels

// Tiles by their number of blocks of outputs, the largest first.
var (
	convTiles = [5]convTileList{
		1: {{16, conv16x1, nil}, {8, conv8x1, nil}, {4, conv4x1, nil}, {1, conv1x1, nil}},
		2: {{8, conv8x2, nil}, {4, conv4x2, nil}, {1, conv1x2, nil}},
		4: {{4, conv4x4, nil}, {1, conv1x4, nil}},
	}
	weightTiles = [3]convTileList{
		1: {{16, nil, weights16x1}, {8, nil, weights8x1}, {1, nil, weights1x1}},
		2: {{8, nil, weights8x2}, {1, nil, weights1x2}},
	}
)

//go:noescape
func conv16x1(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func conv8x1(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func conv4x1(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func conv1x1(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func conv8x2(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func conv4x2(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func conv1x2(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func conv4x4(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func conv1x4(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func weights16x1(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)

//go:noescape
func weights8x1(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)

//go:noescape
func weights1x1(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)

//go:noescape
func weights8x2(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)

//go:noescape
func weights1x2(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)
