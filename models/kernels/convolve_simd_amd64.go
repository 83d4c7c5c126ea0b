//go:build amd64 && goexperiment.simd

package kernels

import (
	"simd/archsimd"

	"foil/internal/numeric"
)

// best is the best vector code of this processor.
func best() numeric.SIMD {
	switch {
	case archsimd.X86.AVX512():
		return numeric.AVX512
	case haveAVX2:
		return numeric.AVX2
	}
	return numeric.NoSIMD
}

func init() {
	convTiles = map[numeric.SIMD][5]tiles{
		numeric.AVX512: {
			1: {{16, conv16x1, nil}, {8, conv8x1, nil}, {4, conv4x1, nil}, {1, conv1x1, nil}},
			2: {{8, conv8x2, nil}, {4, conv4x2, nil}, {1, conv1x2, nil}},
			4: {{4, conv4x4, nil}, {1, conv1x4, nil}},
		},
		numeric.AVX2: {1: {{6, narrow6, nil}, {4, narrow4, nil}, {2, narrow2, nil}, {1, narrow1, nil}}},
	}
	weightTiles = map[numeric.SIMD][3]tiles{
		numeric.AVX512: {
			1: {{16, nil, weights16x1}, {8, nil, weights8x1}, {1, nil, weights1x1}},
			2: {{8, nil, weights8x2}, {1, nil, weights1x2}},
		},
		numeric.AVX2: {1: {{6, nil, narrowWeights6}, {4, nil, narrowWeights4}, {1, nil, narrowWeights1}}},
	}
}

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
func narrow6(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func narrow4(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func narrow2(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

//go:noescape
func narrow1(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)

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

//go:noescape
func narrowWeights6(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)

//go:noescape
func narrowWeights4(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)

//go:noescape
func narrowWeights1(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)
