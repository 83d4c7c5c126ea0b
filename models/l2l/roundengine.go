package l2l

import (
	"math"

	"foil/models/engine"
	"foil/models/losses"
	"foil/models/nn"
)

// An engineRound computes one loss of the game with the engine. It is the engine's algebra.
type engineRound struct {
	tape

	recipe               Recipe
	image                [3]int // channels, rows, columns
	labels               []int32
	classifier, attacker player
	features             *engine.Net // the classifier without its last layer, for games that interpolate

	objective func(x []float32, want engine.Want) (value float64, gradient []float32, err error)
	flat      int            // gradients that the attacker saw and that are zero in every value
	err       error          // the first one
	open      []*engine.Pass // of the attacker, until the gradient has gone through them
}

// A player is a network with the mode of its passes.
type player struct {
	net  *engine.Net
	mode nn.Mode
	mask func() []float32 // of the next pass in training mode
}

// done gives all passes back.
func (r *engineRound) done() {
	for _, p := range r.open {
		p.Done()
	}
}

func (r *engineRound) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// attack implements algebra.
func (r *engineRound) attack(seen *wave) *wave {
	if r.err != nil {
		return r.stopped()
	}
	epsilon := float32(r.recipe.Settings.Epsilon)
	if r.attacker.mode == nn.Training {
		pass, err := r.attacker.net.Train(seen.x, nil)
		if err != nil {
			r.keep(err)
			return r.stopped()
		}
		r.open = append(r.open, pass)
		w := &wave{x: scaled(pass.Output(), epsilon)}
		w.back = func() {
			want := engine.OfWeights
			if seen.back != nil {
				want |= engine.OfImages
			}
			seen.receive(pass.Backward(scaled(w.grad, epsilon), want))
		}
		r.waves = append(r.waves, w)
		return w
	}
	change := make([]float32, r.size()*len(r.labels))
	in := len(seen.x) / len(r.labels)
	r.keep(r.attacker.net.Evaluate(len(r.labels), func(p *engine.Pass, from, to int) error {
		out, err := p.Forward(seen.x[from*in : to*in])
		for i, v := range out {
			change[from*r.size()+i] = epsilon * v
		}
		return err
	}))
	return &wave{x: change}
}

// stopped is any result after an error.
func (r *engineRound) stopped() *wave { return &wave{x: make([]float32, r.size()*len(r.labels))} }

func (r *engineRound) size() int { return r.image[0] * r.image[1] * r.image[2] }

// withGradient implements algebra.
func (r *engineRound) withGradient(x *wave) *wave {
	size := r.size()
	seen := make([]float32, 2*len(x.x))
	if r.err == nil {
		_, gradient, err := r.objective(x.x, engine.OfImages)
		r.keep(err)
		largest := float32(0)
		for _, v := range gradient {
			largest = max(largest, float32(math.Abs(float64(v)))) // NaN stays
		}
		if largest == 0 {
			r.flat++
			largest = 1
		}
		for i := range len(gradient) / size {
			copy(seen[2*i*size:], x.x[i*size:(i+1)*size])
			for k, v := range gradient[i*size : (i+1)*size] {
				seen[(2*i+1)*size+k] = v / largest
			}
		}
	}
	return r.wave(seen, func(grad []float32) {
		own := make([]float32, len(x.x))
		for i := range len(own) / size {
			copy(own[i*size:(i+1)*size], grad[2*i*size:])
		}
		x.receive(own)
	}, x)
}

// mistake is the objective of games that do not interpolate: the cross-entropy of the classifier.
func (r *engineRound) mistake(x []float32, want engine.Want) (value float64, gradient []float32, err error) {
	share := 1 / float32(len(r.labels))
	return r.through(r.classifier, x, want, func(i int, logits, d []float32) float64 {
		return losses.CrossEntropy(logits, r.labels[i], share, d)
	})
}

// through takes images through a network and back from a loss, of which image gives the part of an
// image and its gradient in the network's output.
func (r *engineRound) through(p player, x []float32, want engine.Want, image func(i int, out, d []float32) float64) (value float64, gradient []float32, err error) {
	each := make([]float64, len(r.labels))
	rows := func(out, d []float32, from, to int) {
		n := len(out) / (to - from)
		for i := from; i < to; i++ {
			at := (i - from) * n
			each[i] = image(i, out[at:at+n], d[at:at+n])
		}
	}
	if p.mode == nn.Training {
		var mask []float32
		if p.mask != nil {
			mask = p.mask()
		}
		pass, err := p.net.Train(x, mask)
		if err != nil {
			return 0, nil, err
		}
		defer pass.Done()
		d := make([]float32, len(pass.Output()))
		rows(pass.Output(), d, 0, len(each))
		gradient = pass.Backward(d, want)
	} else {
		gradient = make([]float32, len(x))
		size := len(x) / len(each)
		err = p.net.Evaluate(len(each), func(pass *engine.Pass, from, to int) error {
			out, err := pass.Forward(x[from*size : to*size])
			if err != nil {
				return err
			}
			d := make([]float32, len(out))
			rows(out, d, from, to)
			if want&engine.OfImages != 0 {
				copy(gradient[from*size:], pass.Backward(d, engine.OfImages))
			}
			return nil
		})
	}
	for _, v := range each {
		value += v
	}
	return value, gradient, err
}

// perturbed returns the attacked images of a game that does not interpolate.
func (r *engineRound) perturbed(x []float32) *wave {
	r.objective = r.mistake
	images := &wave{x: x}
	return r.clip(r.add(images, r.recipe.Method.perturb.engine(r, r.recipe, images)), 0, 1)
}

// interpolated returns the attacked images of a game that interpolates. r.objective becomes the
// distance to their partners.
func (r *engineRound) interpolated(x, start []float32) *wave {
	on := player{net: r.features, mode: nn.Evaluation}
	n := len(r.labels)
	width := r.features.Outputs()
	partners := make([]float32, n*width)
	_, _, err := r.through(on, x, 0, func(i int, features, _ []float32) float64 {
		copy(partners[i*width:], features)
		return 0
	})
	r.keep(err)
	share := 1 / float32(n)
	r.objective = func(at []float32, want engine.Want) (float64, []float32, error) {
		return r.through(on, at, want, func(i int, features, d []float32) float64 {
			other := n - 1 - i
			return losses.CosineDistance(features, partners[other*width:(other+1)*width], share, d)
		})
	}
	moved := r.recipe.Method.pull.engine(r, r.recipe, &wave{x: start})
	return r.clip(r.near(moved, x, r.recipe.Settings.Epsilon), 0, 1)
}
