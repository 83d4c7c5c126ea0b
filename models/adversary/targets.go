package adversary

import "math"

// Targets are the values of one attribute. A user is given by the position in the training rows.
type Targets struct {
	Class []int32   // for Classification; -1 where the attribute is missing
	Value []float32 // for Regression; NaN where it is missing
}

// fill sets the graph's inputs for the given users: target [b, o] and the users' weights [b, 1].
// Users without the attribute have weight 0. Classes have the weights of ClassWeights, as in
// PyTorch's cross-entropy, which divides by the sum of the weights.
func (c Config) fill(targets Targets, users []int32, target, weight []float32) {
	clear(target)
	clear(weight)
	var sum float32
	for i, u := range users {
		switch c.Task {
		case Classification:
			class := targets.Class[u]
			if class < 0 {
				continue
			}
			target[i*c.Classes+int(class)] = 1
			weight[i] = 1
			if c.ClassWeights != nil {
				weight[i] = c.ClassWeights[class]
			}
		case Regression:
			value := targets.Value[u]
			if math.IsNaN(float64(value)) {
				continue
			}
			target[i], weight[i] = value, 1
		}
		sum += weight[i]
	}
	if sum == 0 {
		return // nobody in the batch has the attribute: the loss is 0
	}
	for i := range weight {
		weight[i] /= sum
	}
}
