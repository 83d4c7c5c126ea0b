package ascent

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"foil/models/evaluate"
	"foil/models/losses"
	"foil/models/random"
)

// Fooling is an attack as AutoAttack makes it (Croce and Hein 2020): a list of tries, each on the
// images that withstood the tries before it. An image that withstands all of them stays as it was at
// the start, and so does an image that is misclassified there.
//
// Random numbers depend on the seed, the number of an image and the try. So the result for an image
// does not depend on the other images.
type Fooling struct {
	e     *evaluate.Evaluator
	seed  uint64
	first int // number of the first image
	tries []try
}

// A try is one attack from one start.
type try struct {
	purpose string // of its random numbers; no two tries of a seed have the same
	run     func(ctx context.Context, s *subjects) ([]float32, error)
}

// From returns the attack for images that are numbered from first on, not from 0.
func (f Fooling) From(first int) Attack {
	f.first = first
	return f
}

// Attack runs the tries from the images x themselves: start only tells what an image is if no try
// succeeds, and that it is not attacked if it is misclassified there.
func (f Fooling) Attack(ctx context.Context, x []float32, labels []int32, start []float32) ([]float32, error) {
	if _, err := f.e.Check(x, labels, start); err != nil {
		return nil, err
	}
	if start == nil {
		start = x
	}
	at, size := slices.Clone(start), f.e.Size()
	standing, err := f.right(ctx, at, labels)
	if err != nil {
		return nil, err
	}
	for _, t := range f.tries {
		if len(standing) == 0 {
			break
		}
		s := f.subjects(t, x, labels, standing)
		attacked, err := t.run(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.purpose, err)
		}
		withstood, err := f.right(ctx, attacked, s.labels)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.purpose, err)
		}
		var rest []int
		for j, i := range standing {
			if len(withstood) > 0 && withstood[0] == j {
				withstood, rest = withstood[1:], append(rest, i)
				continue
			}
			copy(row(at, i, size), row(attacked, j, size))
		}
		standing = rest
	}
	return at, nil
}

// right lists the images that the classifier is right about.
func (f Fooling) right(ctx context.Context, x []float32, labels []int32) (images []int, err error) {
	logits, err := f.e.Logits(ctx, x)
	if err != nil {
		return nil, err
	}
	classes := f.e.Config.Network.Classes()
	for i, label := range labels {
		if argMax(row(logits, i, classes)) == int(label) {
			images = append(images, i)
		}
	}
	return images, nil
}

// Subjects are the images of a try. The classifier is right about all of them.
type subjects struct {
	*evaluate.Evaluator
	x      []float32
	labels []int32
	draws  []*rand.Rand // by image
}

func (f Fooling) subjects(t try, x []float32, labels []int32, standing []int) *subjects {
	s := &subjects{Evaluator: f.e}
	for _, i := range standing {
		s.x = append(s.x, row(x, i, f.e.Size())...)
		s.labels = append(s.labels, labels[i])
		s.draws = append(s.draws, random.New(f.seed, fmt.Sprintf("%s/image %d", t.purpose, f.first+i)))
	}
	return s
}

// slopes is Slopes that finds gradients that are not numbers.
func (s *subjects) slopes(ctx context.Context, at []float32, head evaluate.Head) (logits []float32, values []float64, gradient []float32, err error) {
	logits, values, gradient, err = s.Slopes(ctx, at, head)
	if err == nil && slices.ContainsFunc(gradient, func(g float32) bool { return g != g }) {
		err = fmt.Errorf("the gradient has values that are not numbers")
	}
	return logits, values, gradient, err
}

// rivals returns for each image the class with the largest logit of the original image (rank 1), the
// second largest (rank 2), and so on.
func (s *subjects) rivals(ctx context.Context, rank int) ([]int32, error) {
	logits, err := s.Logits(ctx, s.x)
	if err != nil {
		return nil, err
	}
	classes := make([]int32, len(s.labels))
	for i := range classes {
		classes[i] = losses.Ranking(row(logits, i, s.Config.Network.Classes()), rank)[rank-1]
	}
	return classes, nil
}

// noise returns uniform noise for each image, with a largest value of 1.
func (s *subjects) noise() []float32 {
	t := make([]float32, len(s.x))
	for i, draw := range s.draws {
		of := row(t, i, s.Size())
		var largest float32
		for j := range of {
			of[j] = 2*draw.Float32() - 1
			largest = max(largest, of[j], -of[j])
		}
		for j := range of {
			of[j] /= largest
		}
	}
	return t
}

// targets is the number of target classes of an attack: as many as are asked for, if the classifier
// has them.
func targets(e *evaluate.Evaluator, most int) int { return min(most, e.Config.Network.Classes()-1) }

// row returns the values of element i of several with the same size.
func row(x []float32, i, size int) []float32 { return x[i*size : (i+1)*size] }

// clip returns the nearest value within epsilon of x and in [0, 1].
func clip(v, x, epsilon float32) float32 { return max(min(max(min(v, x+epsilon), x-epsilon), 1), 0) }

// distance returns the largest difference of two images.
func distance(a, b []float32) (most float32) {
	for i, v := range a {
		most = max(most, float32(math.Abs(float64(v-b[i]))))
	}
	return most
}
