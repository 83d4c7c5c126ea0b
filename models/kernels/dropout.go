package kernels

// Dropout selects the elements of a vector to drop: those whose number in Bits is below Limit
// (package random draws the numbers). The other elements are multiplied by Keep, so that the mean
// stays the same (inverted dropout).
type Dropout struct {
	Bits  []uint16
	Limit uint32 // 0 to 65,536
	Keep  float32
}

// At returns the part for the elements from start to end.
func (d Dropout) At(start, end int) Dropout {
	d.Bits = d.Bits[start:end]
	return d
}

// Apply writes x after dropout to y. The slices have the length of Bits.
func (d Dropout) Apply(x, y []float32) {
	n := len(d.Bits)
	dropout(d, x[:n], y[:n])
}

// AddGradient adds scale times the gradient of x to sum. grad is the gradient of the output of
// Apply. The slices have the length of Bits.
func (d Dropout) AddGradient(scale float32, grad, sum []float32) {
	n := len(d.Bits)
	d.Keep *= scale
	dropoutAdd(d, grad[:n], sum[:n])
}

func dropoutPlain(d Dropout, x, y []float32) {
	for i, bits := range d.Bits {
		y[i] = 0
		if uint32(bits) >= d.Limit {
			y[i] = d.Keep * x[i]
		}
	}
}

func dropoutAddPlain(d Dropout, grad, sum []float32) {
	for i, bits := range d.Bits {
		if uint32(bits) >= d.Limit {
			sum[i] += d.Keep * grad[i]
		}
	}
}
