package classifier

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute"

	"foil/internal/artifact"
	"foil/models/ascent"
	"foil/models/l2l"
	"foil/models/random"
)

// A selection scores the classifier of a training on images that it is not trained on, without an
// attack and under attacks. The images and the starts are the same in every epoch.
type selection struct {
	target  *ascent.Target
	pixels  []float32 // image after image, in [0, 1]
	labels  []int32
	attacks []selectionAttack
}

type selectionAttack struct {
	name string // in the curves
	ascent.Attack
	start []float32 // of the attack; nil: at the images
}

func (c Crafting) attack(epsilon float64) ascent.PGD {
	return ascent.PGD{Steps: c.Steps, Step: c.Step, Epsilon: epsilon}
}

// A score is the result of a selection under one attack, or without one.
type score struct {
	attack         string
	accuracy, loss float64
}

const (
	clean   = "clean"
	pgd     = "pgd"     // the attack that selects the best epoch
	learned = "learned" // the attacker network of the training
)

func newSelection(b compute.Backend, p *Params, held artifact.ImageSet, shape artifact.Shape, l learner, seed uint64) (*selection, error) {
	n := held.Len()
	s := &selection{labels: held.Label, pixels: held.Values(n, shape)}
	start := make([]float32, len(s.pixels))
	random.Normal(random.New(seed, "selection"), start, p.Select.Noise)
	for i, v := range s.pixels {
		start[i] += v
	}
	evaluator, err := l.classifier().Evaluator(b, shape, n, false)
	if err != nil {
		return nil, err
	}
	if s.target, err = ascent.NewTarget(evaluator); err != nil {
		return nil, err
	}
	s.attacks = []selectionAttack{{pgd, s.target.PGD(p.Select.attack(p.Epsilon)), start}}
	g, ok := l.(*game)
	if !ok || g.recipe.Method.Interpolates() { // an attacker that interpolates needs pairs of images
		return s, nil
	}
	attacker := g.networks[l2l.AttackersTurn]
	a, err := l2l.NewAttack(evaluator, g.recipe, attacker.Network, attacker.Weights)
	s.attacks = append(s.attacks, selectionAttack{learned, a, nil})
	return s, err
}

// sets returns the images that are trained on, and those that select the best epoch.
func (s Select) sets(m *artifact.Images) (train, held artifact.ImageSet, err error) {
	if s.From == fromTraining {
		n := m.Train.Len()
		if s.held(n) >= n {
			return train, held, fmt.Errorf("select.images is %d, but the data has %d training images, and some must remain to train on", s.held(n), n)
		}
		held, train = s.divide(m)
		return train, held, nil
	}
	n := s.Images
	if n == 0 {
		n = m.Test.Len()
	}
	if n > m.Test.Len() || n == 0 {
		return train, held, fmt.Errorf("select.images is %d, but the data has %d test images", s.Images, m.Test.Len())
	}
	return m.Train, artifact.ImageSet{Label: m.Test.Label[:n], Pixels: m.Test.Pixels[:n*m.Shape.Size()]}, nil
}

// inWords says which images select.
func (s Select) inWords() string {
	if s.From == fromTraining {
		return "images held out from training"
	}
	return "test images"
}

// held is the number of the n training images that are held out.
func (s Select) held(n int) int {
	if s.Images > 0 {
		return s.Images
	}
	return max(1, min(n/10, 1000))
}

// divide returns the training images that are held out, and the others. Each class gives its share:
// the images that are held out are at equal distances among those of their class.
func (s Select) divide(m *artifact.Images) (held, rest artifact.ImageSet) {
	n, size := m.Train.Len(), m.Shape.Size()
	images := s.held(n)
	next := make([]int, len(m.Classes)+1) // by class: the place of its next image if images were sorted by class
	for _, label := range m.Train.Label {
		next[label+1]++
	}
	for class := range m.Classes {
		next[class+1] += next[class]
	}
	for i, label := range m.Train.Label {
		place := next[label]
		next[label]++
		to := &rest
		if place*images/n != (place+1)*images/n {
			to = &held
		}
		to.Label = append(to.Label, label)
		to.Pixels = append(to.Pixels, m.Train.Pixels[i*size:(i+1)*size]...)
	}
	return held, rest
}

// attackersPart is the part that the attacker network has learned of what PGD does: how far it raises
// the loss, relative to PGD. ok is false without an attacker, or if PGD does not raise the loss.
func attackersPart(found []score) (part float64, ok bool) {
	loss := map[string]float64{}
	for _, f := range found {
		loss[f.attack] = f.loss
	}
	attackers, ok := loss[learned]
	if rise := loss[pgd] - loss[clean]; ok && rise > 0 {
		return (attackers - loss[clean]) / rise, true
	}
	return 0, false
}

func (s *selection) len() int { return len(s.labels) }

// run scores the current weights without an attack, and then under each attack.
func (s *selection) run(ctx context.Context) ([]score, error) {
	without, err := s.judge(ctx, clean, s.pixels)
	if err != nil {
		return nil, err
	}
	found := []score{without}
	for _, a := range s.attacks {
		attacked, err := a.Attack.Attack(ctx, s.pixels, s.labels, a.start)
		if err != nil {
			return nil, err
		}
		under, err := s.judge(ctx, a.name, attacked)
		if err != nil {
			return nil, err
		}
		found = append(found, under)
	}
	return found, nil
}

// judge returns the accuracy and the mean loss on images.
func (s *selection) judge(ctx context.Context, attack string, pixels []float32) (score, error) {
	logits, err := s.target.Logits(ctx, pixels)
	if err != nil {
		return score{}, err
	}
	verdicts := ascent.Verdicts(logits, s.labels)
	loss := 0.0
	for _, v := range verdicts {
		loss += v.Loss
	}
	return score{attack, ascent.Accuracy(verdicts, s.labels), loss / float64(s.len())}, nil
}

// under returns the accuracy under an attack.
func under(found []score, attack string) float64 {
	i := slices.IndexFunc(found, func(s score) bool { return s.attack == attack })
	return found[i].accuracy
}
