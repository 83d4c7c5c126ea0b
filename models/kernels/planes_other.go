//go:build !(amd64 && goexperiment.simd)

package kernels

// haveAVX2 reports whether the loops have a vector form.
var haveAVX2 = false

func affinePlane(rows, run, stride int, x, y, scale, shift []float32, floor float32) {
	affinePlain(rows, run, stride, x, y, scale, shift, floor)
}

func slopePlane(rows, run, stride int, x, y, scale, shift []float32, slope float32) {
	slopePlain(rows, run, stride, x, y, scale, shift, slope)
}

func sumPlane(rows, run, stride int, x, sum []float32) { sumPlanePlain(rows, run, stride, x, sum) }

func squaresPlane(rows, run, stride int, x, mean, squares []float32) {
	squaresPlain(rows, run, stride, x, mean, squares)
}

func normSumsPlane(rows, run, stride int, v, x, scale, shift []float32, slope float32, mean, sums, dots, slopes []float32) {
	normSumsPlain(rows, run, stride, v, x, scale, shift, slope, mean, sums, dots, slopes)
}

func normGradientPlane(rows, run, stride int, v, x, d, scale, shift []float32, slope float32, mean, of, with, plus []float32, add bool) {
	normGradientPlain(rows, run, stride, v, x, d, scale, shift, slope, mean, of, with, plus, add)
}

func tanhPlane(rows, run, stride int, x, y []float32, factor float32) {
	tanhPlain(rows, run, stride, x, y, factor)
}

func poolRow(width, n, stride int, x, y []float32) { poolPlain(width, n, stride, x, y) }

func poolGradientRow(width, n, stride int, v, x, y, d []float32, add bool) {
	poolGradientPlain(width, n, stride, v, x, y, d, add)
}

func addFloor(x, y, sum []float32, floor float32) { addFloorPlain(x, y, sum, floor) }
func positive(v, y, d []float32, add bool)        { positivePlain(v, y, d, add) }
