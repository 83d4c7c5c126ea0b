package multvae

import "foil/models/kernels"

// A latent holds the sampled latent vectors of a batch, and the values for their gradient: z = mu +
// noise * sd, with sd = exp(logVar / 2) (Kingma and Welling 2014, section 2.4). h [b, 2l] is the
// encoder's output: mu, then logVar.
type latent struct {
	width     int       // l
	z         []float32 // [b, l], like the other arrays
	sd, noise []float32
	zGrad     []float32
}

func newLatent(users, width int) latent {
	n := users * width
	return latent{width: width, z: make([]float32, n), sd: make([]float32, n), noise: make([]float32, n), zGrad: make([]float32, n)}
}

// sample sets z and sd for the encoder's output and the noise, and returns the
// KL divergence from N(0, 1), averaged over users.
func (x *latent) sample(h []float32) float64 {
	l, users := x.width, len(x.z)/x.width
	for b := range users {
		sd := x.sd[b*l : (b+1)*l]
		copy(sd, h[(2*b+1)*l:])
		kernels.Scale(0.5, sd)
	}
	kernels.ExpSum(x.sd, x.sd, 0)
	var sum float64
	for b := range users {
		row := h[2*b*l : 2*(b+1)*l]
		for i, mu := range row[:l] {
			sd, logVar := x.sd[b*l+i], row[l+i]
			x.z[b*l+i] = mu + x.noise[b*l+i]*sd
			sum += float64(sd*sd) + float64(mu*mu) - float64(logVar) - 1
		}
	}
	return 0.5 * sum / float64(users)
}

// backward turns zGrad into the gradient of h, and adds that of beta times the
// KL divergence.
func (x *latent) backward(h []float32, beta float64, hGrad []float32) {
	l, users := x.width, len(x.z)/x.width
	weight := float32(beta / float64(users))
	for b := range users {
		row, grad := h[2*b*l:2*(b+1)*l], hGrad[2*b*l:2*(b+1)*l]
		for i, mu := range row[:l] {
			sd, zGrad := x.sd[b*l+i], x.zGrad[b*l+i]
			grad[i] = zGrad + weight*mu
			grad[l+i] = 0.5 * (zGrad*x.noise[b*l+i]*sd + weight*(sd*sd-1))
		}
	}
}
