package classifier

import (
	"context"
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
	from    string // the set of the images, in words
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

func newSelection(b compute.Backend, p *Params, m *artifact.Images, l learner, seed uint64) (*selection, error) {
	held, from := p.Select.images(m)
	n := held.Len()
	s := &selection{from: from, labels: held.Label, pixels: held.Values(n, m.Shape)}
	start := make([]float32, len(s.pixels))
	random.Normal(random.New(seed, "selection"), start, p.Select.Noise)
	for i, v := range s.pixels {
		start[i] += v
	}
	evaluator, err := l.classifier().Evaluator(b, m.Shape, n, false)
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

// images returns the images that select, and what they are in words.
func (s Select) images(m *artifact.Images) (held artifact.ImageSet, from string) {
	if s.From == fromTraining {
		held, _ = s.divide(m)
		return held, "images held out from training"
	}
	n := s.Images
	if n == 0 {
		n = m.Test.Len()
	}
	return artifact.ImageSet{Label: m.Test.Label[:n], Pixels: m.Test.Pixels[:n*m.Shape.Size()]}, "test images"
}

// held is the number of the n training images that are held out.
func (s Select) held(n int) int {
	if s.Images > 0 {
		return s.Images
	}
	return max(1, min(n/10, 1000))
}

// divide returns the training images that are held out, at equal distances, and the others.
func (s Select) divide(m *artifact.Images) (held, rest artifact.ImageSet) {
	n, size := m.Train.Len(), m.Shape.Size()
	images := s.held(n)
	for i, label := range m.Train.Label {
		to := &rest
		if i*images/n != (i+1)*images/n {
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
