package optim

// SGD is PyTorch's stochastic gradient descent with momentum, without dampening and without
// Nesterov momentum. WeightDecay is an L2 term added to the gradient.
type SGD struct {
	Momentum    float64
	WeightDecay float64
}

// Update moves the weights w against the gradient g. The velocity is the state of the momentum; it
// starts at zero.
func (s SGD) Update(rate float64, w, g, velocity []float32) {
	momentum, decay, step := float32(s.Momentum), float32(s.WeightDecay), float32(rate)
	for i, v := range velocity {
		v = momentum*v + (g[i] + decay*w[i])
		velocity[i] = v
		w[i] -= step * v
	}
}
