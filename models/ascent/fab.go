package ascent

import (
	"context"
	"fmt"
	"math"
	"slices"

	"foil/models/losses"
)

// FAB is the targeted Fast Adaptive Boundary attack in the maximum norm (Croce and Hein 2020b). It
// looks for the nearest misclassified point: it projects onto the boundary between label and target
// as the gradient shows it, a little beyond, and moves back towards the image from every point that
// it finds. A point within epsilon is a success.
type FAB struct {
	Epsilon    float64
	Iterations int     // of a try
	Restarts   int     // tries for each target; the first one starts at the image, the others at random
	Pull       float64 // largest weight of the projection of the image itself (alpha_max)
	Overshoot  float64 // factor of a projection's length (eta)
	Back       float64 // share of the way from the image to a misclassified point that is kept (beta)
}

// DefaultFAB returns the settings of AutoAttack's standard set.
func DefaultFAB(epsilon float64) FAB {
	return FAB{Epsilon: epsilon, Iterations: 100, Restarts: 1, Pull: 0.1, Overshoot: 1.05, Back: 0.9}
}

// FAB attacks with one target after the other: those with the largest logits of the original image.
func (t *Target) FAB(f FAB, most int, seed uint64) Fooling {
	return t.targeted("fab-t", most, f.Restarts, seed, f.search)
}

// search makes one try. An image without a misclassified point within epsilon stays as it is.
func (f FAB) search(ctx context.Context, s *subjects, restart int, target []int32) ([]float32, error) {
	size, classes, epsilon := s.Size(), s.Config.Network.Classes(), float32(f.Epsilon)
	at := slices.Clone(s.x)
	if restart > 0 {
		for i, v := range s.noise() {
			at[i] = max(min(at[i]+float32(epsilon*v)*0.5, 1), 0)
		}
	}
	found := slices.Clone(s.x)
	nearest := make([]float32, len(s.labels)) // the distance of found
	for i := range nearest {
		nearest[i] = float32(math.Inf(1))
	}
	for iteration := range f.Iterations {
		_, leads, gradient, err := s.slopes(ctx, at, func(i int, logits, d []float32) float64 {
			return losses.Lead(logits, target[i], s.labels[i], d)
		})
		if err != nil {
			return nil, fmt.Errorf("iteration %d: %w", iteration+1, err)
		}
		for i, lead := range leads {
			f.move(row(s.x, i, size), row(at, i, size), row(gradient, i, size), lead)
		}
		logits, err := s.Logits(ctx, at)
		if err != nil {
			return nil, fmt.Errorf("iteration %d: %w", iteration+1, err)
		}
		for i, label := range s.labels {
			if argMax(row(logits, i, classes)) == int(label) {
				continue
			}
			x, now := row(s.x, i, size), row(at, i, size)
			if d := distance(now, x); d < nearest[i] {
				nearest[i] = d
				copy(row(found, i, size), now)
			}
			for j, v := range now {
				now[j] = x[j] + float32((v-x[j])*float32(f.Back))
			}
		}
	}
	for i, d := range nearest {
		if !(d <= epsilon) {
			copy(row(found, i, size), row(s.x, i, size))
		}
	}
	return found, nil
}

// move projects a point and the image onto the plane where the target leads by 0, and moves the point
// to between the two.
func (f FAB) move(x, at, gradient []float32, lead float64) {
	fromImage := lead // the lead at the image, if the lead were linear
	for j, g := range gradient {
		fromImage += float64(g) * (float64(x[j]) - float64(at[j]))
	}
	near, far := ontoPlane(at, gradient, lead), ontoPlane(x, gradient, fromImage)
	a, b := max(near.length(at, gradient), 1e-8), max(far.length(x, gradient), 1e-8)
	pull := min(float32(a/(a+b)), float32(f.Pull))
	overshoot := float32(f.Overshoot)
	for j, g := range gradient {
		to := at[j] + float32(overshoot*near.change(at[j], g))
		image := x[j] + float32(overshoot*far.change(x[j], g))
		at[j] = max(min(float32(to*(1-pull))+float32(image*pull), 1), 0)
	}
}

// A projection moves each pixel of an image by the same length along a gradient, or against it, but
// not out of [0, 1].
type projection struct {
	way  float32 // 1 or -1
	most float32 // the length
}

// ontoPlane returns the shortest projection that changes a linear function to 0. value is the function
// at the image and gradient its gradient. If there is none, pixels go to the end of the box.
func ontoPlane(image, gradient []float32, value float64) projection {
	p := projection{way: 1}
	if value >= 0 {
		p.way = -1
	}
	// The change for a length is concave and piecewise linear. So Newton's method from 0 on does not
	// go too far, and ends where no further pixel reaches the box.
	var length float64
	for {
		change, slope, more := 0.0, 0.0, math.Inf(1)
		for j, g := range gradient {
			if g == 0 {
				continue
			}
			weight, room := math.Abs(float64(g)), p.room(image[j], g)
			if room <= length {
				change += weight * room
			} else {
				slope += weight
				more = min(more, room)
			}
		}
		if slope == 0 {
			p.most = 1 // nothing more can move
			return p
		}
		next := (math.Abs(value) - change) / slope
		if next <= more || !(next > length) {
			p.most = float32(max(next, 0))
			return p
		}
		length = next
	}
}

// room returns how far a pixel can go.
func (p projection) room(pixel, gradient float32) float64 {
	if p.way*gradient > 0 {
		return 1 - float64(pixel)
	}
	return float64(pixel)
}

// change returns the change of a pixel.
func (p projection) change(pixel, gradient float32) float32 {
	switch g := p.way * gradient; {
	case g > 0:
		return min(p.most, 1-pixel)
	case g < 0:
		return max(-p.most, -pixel)
	}
	return 0
}

// length returns the largest change of a pixel.
func (p projection) length(image, gradient []float32) (most float64) {
	for j, g := range gradient {
		most = max(most, math.Abs(float64(p.change(image[j], g))))
	}
	return most
}
