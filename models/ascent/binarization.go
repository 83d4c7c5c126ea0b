package ascent

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/evaluate"
	"foil/models/nn"
)

// A Binarization tests attacks on classifiers that are certain to have a misclassified image within
// epsilon (Zimmermann et al. 2022). For an image it replaces the last layer of a network by one with
// two classes: 0 for points inside of the epsilon ball, and 1 for one point at its end. An attack that
// deserves trust then finds a point of class 1 from the image. A random search should not.
type Binarization struct {
	Epsilon   float64
	Inner     int     // random points inside, beside the image itself
	Gap       float64 // share of epsilon that lies between inner points and the end
	Closeness float64 // how far the boundary of class 1 is moved towards the point at the end
	Random    int     // points of a random search in the ball, and as many at its corners
}

// DefaultBinarization returns the settings of the published test.
func DefaultBinarization(epsilon float64) Binarization {
	return Binarization{Epsilon: epsilon, Inner: 999, Gap: 0.05, Closeness: 0.999, Random: 200}
}

// ErrNotSeparable is returned if no last layer tells inner points from the one at the end.
var ErrNotSeparable = errors.New("the features of the network do not separate the points")

// A Binarizer makes classifiers with two classes of the features of one classifier.
type Binarizer struct {
	Binarization

	config   evaluate.Config
	weights  *nn.Weights
	features *evaluate.Evaluator // a classifier whose logits are the features
}

// NewBinarizer prepares the test of a classifier.
func NewBinarizer(b Binarization, c evaluate.Config, w *nn.Weights) (*Binarizer, error) {
	c.Frozen = true
	width := c.Network.Head().In
	same := make([]float32, width*width)
	for i := range width {
		same[i*width+i] = 1
	}
	features, err := classifierWith(c, w, same, make([]float32, width))
	return &Binarizer{b, c, w, features}, err
}

// classifierWith returns the classifier with another last layer.
func classifierWith(c evaluate.Config, w *nn.Weights, weight, bias []float32) (*evaluate.Evaluator, error) {
	c.Network = c.Network.WithHead(len(bias))
	head := c.Network.Head()
	other := &nn.Weights{Params: c.Network.Params, Tensors: slices.Clone(w.Tensors)}
	other.Tensors[head.Weight] = tensors.FromFlatDataAndDimensions(weight, head.Out, head.In)
	other.Tensors[head.Bias] = tensors.FromFlatDataAndDimensions(bias, head.Out)
	return evaluate.New(c, other)
}

// Around returns the classifier for an image. Its error is ErrNotSeparable if there is none.
func (b *Binarizer) Around(ctx context.Context, image []float32, draw *rand.Rand) (*Target, error) {
	points := slices.Clone(image)
	for range b.Inner {
		points = append(points, b.inside(image, 1-b.Gap, draw)...)
	}
	end := b.corner(image, draw)
	features, err := b.features.Logits(ctx, append(points, end...))
	if err != nil {
		return nil, err
	}
	width := len(features) / (b.Inner + 2)
	inner, outer := features[:len(features)-width], features[len(features)-width:]
	way, ok := separate(inner, outer)
	if !ok {
		return nil, ErrNotSeparable
	}
	// The boundary lies between the end and the inner point nearest to it, and the logits of all points
	// have a range of 1.
	nearest, farthest := math.Inf(-1), math.Inf(1)
	for i := 0; i < len(inner); i += width {
		v := dot(way, inner[i:i+width])
		nearest, farthest = max(nearest, v), min(farthest, v)
	}
	last := dot(way, outer)
	scale, middle := 1/(last-farthest), nearest+(last-nearest)*(1+b.Closeness)/2
	weight, bias := make([]float32, 2*width), []float32{float32(scale * middle / 2), float32(-scale * middle / 2)}
	for i, v := range way {
		weight[i], weight[width+i] = float32(-scale*v/2), float32(scale*v/2)
	}
	e, err := classifierWith(b.config, b.weights, weight, bias)
	if err != nil {
		return nil, err
	}
	logits, err := e.Logits(ctx, slices.Concat(image, end))
	if err != nil {
		return nil, err
	}
	if argMax(logits[:2]) != 0 || argMax(logits[2:]) != 1 { // by rounding
		return nil, ErrNotSeparable
	}
	return NewTarget(e)
}

// AtRandom reports whether a random search finds a point of class 1.
func (b *Binarizer) AtRandom(ctx context.Context, on *Target, image []float32, draw *rand.Rand) (bool, error) {
	var points []float32
	for range b.Random {
		points = append(points, b.inside(image, 1, draw)...)
		points = append(points, b.corner(image, draw)...)
	}
	logits, err := on.Logits(ctx, points)
	for i := 0; i < len(logits); i += 2 {
		if argMax(logits[i:i+2]) == 1 {
			return true, err
		}
	}
	return false, err
}

// inside returns a random point within a share of epsilon.
func (b *Binarizer) inside(image []float32, share float64, draw *rand.Rand) []float32 {
	point := make([]float32, len(image))
	for i, v := range image {
		point[i] = max(min(v+float32(share*b.Epsilon)*(2*draw.Float32()-1), 1), 0)
	}
	return point
}

// corner returns a random point with each pixel at the end.
func (b *Binarizer) corner(image []float32, draw *rand.Rand) []float32 {
	point := make([]float32, len(image))
	for i, v := range image {
		point[i] = max(min(v+float32(b.Epsilon)*way(draw), 1), 0)
	}
	return point
}

// separate returns a direction in which a point lies beyond all inner points. It begins with that of
// linear discriminant analysis, and adds points that lie too far (Rosenblatt's perceptron).
func separate(inner, outer []float32) (way []float64, ok bool) {
	width := len(outer)
	n := len(inner) / width
	mean, covariance := moments(inner, width)
	lower := cholesky(covariance, width)
	if lower == nil {
		return nil, false
	}
	whiten := func(point []float32) []float64 {
		z := make([]float64, width)
		for i := range z {
			z[i] = float64(point[i]) - mean[i]
			for j := range i {
				z[i] -= lower[i*width+j] * z[j]
			}
			z[i] /= lower[i*width+i]
		}
		return z
	}
	beyond := make([][]float64, n) // from inner points to the outer one
	target := whiten(outer)
	for i := range beyond {
		beyond[i] = whiten(inner[i*width : (i+1)*width])
		for j, v := range target {
			beyond[i][j] = v - beyond[i][j]
		}
	}
	way = slices.Clone(target)
	const rounds = 1000
	for range rounds {
		ok = true
		for _, d := range beyond {
			var along, square float64
			for j, v := range d {
				along, square = along+v*way[j], square+v*v
			}
			if along > 1e-6*square {
				continue
			}
			ok = false
			for j, v := range d {
				way[j] += v
			}
		}
		if ok {
			break
		}
	}
	for i := width - 1; i >= 0; i-- { // from whitened features to features
		for j := i + 1; j < width; j++ {
			way[i] -= lower[j*width+i] * way[j]
		}
		way[i] /= lower[i*width+i]
	}
	return way, ok
}

// moments returns mean and covariance of points. A part of the mean variance on the diagonal keeps
// directions without variance from being everything.
func moments(points []float32, width int) (mean, covariance []float64) {
	n := len(points) / width
	mean, covariance = make([]float64, width), make([]float64, width*width)
	for i, v := range points {
		mean[i%width] += float64(v) / float64(n)
	}
	d := make([]float64, width)
	for p := range n {
		for i := range d {
			d[i] = float64(points[p*width+i]) - mean[i]
		}
		for i, v := range d {
			for j := range i + 1 {
				covariance[i*width+j] += v * d[j] / float64(n)
			}
		}
	}
	var variance float64
	for i := range width {
		variance += covariance[i*width+i] / float64(width)
	}
	const ridge = 1e-3
	for i := range width {
		covariance[i*width+i] += ridge * variance
	}
	return mean, covariance
}

// cholesky returns the lower triangle L of a = L L', given the lower triangle of a; nil if a is not
// positive definite.
func cholesky(a []float64, n int) []float64 {
	l := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			v := a[i*n+j]
			for k := range j {
				v -= l[i*n+k] * l[j*n+k]
			}
			if i != j {
				l[i*n+j] = v / l[j*n+j]
				continue
			}
			if !(v > 0) {
				return nil
			}
			l[i*n+i] = math.Sqrt(v)
		}
	}
	return l
}

func dot(a []float64, b []float32) (sum float64) {
	for i, v := range a {
		sum += v * float64(b[i])
	}
	return sum
}
