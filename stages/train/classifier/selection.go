package classifier

import (
	"context"

	"github.com/gomlx/compute"

	"foil/internal/tables"
	"foil/models/l2l"
	"foil/models/random"
)

// A selection scores the classifier of a training on test images, as they are and
// under attack. Every epoch meets the same images and the same starts.
type selection struct {
	evaluator *l2l.Evaluator
	pixels    []float32 // image after image, in [0, 1]
	labels    []int32
	noise     []float32 // that the attack starts with
	attacks   []selectionAttack
}

type selectionAttack struct {
	name string // in the curves
	l2l.Attack
}

// scores are what a selection finds, by the name of the attack.
type scores struct {
	names    []string
	accuracy []float64
	loss     []float64
}

const (
	clean   = "clean"
	pgd     = "pgd"     // the one that selects
	learned = "learned" // the attacker network of the training
)

// evaluationBatch is how many images are judged at once, whatever a training's batch.
const evaluationBatch = 100

func newSelection(b compute.Backend, p *Params, m *tables.Images, l learner, seed uint64) (*selection, error) {
	n := p.Select.Images
	if n == 0 {
		n = m.Test.Len()
	}
	s := &selection{labels: m.Test.Label[:n], pixels: make([]float32, n*m.Shape.Size())}
	for i, v := range m.Test.Pixels[:len(s.pixels)] {
		s.pixels[i] = float32(v) / 255
	}
	s.noise = make([]float32, len(s.pixels))
	random.Normal(random.New(seed, "selection"), s.noise, p.Select.Noise)
	c := l.classifier()
	var err error
	s.evaluator, err = l2l.NewEvaluator(l2l.EvaluatorConfig{
		Network: c.Network, Shape: [3]int{m.Shape.Channels, m.Shape.Height, m.Shape.Width},
		Batch: min(n, evaluationBatch), Backend: b,
	}, c.Weights)
	if err != nil {
		return nil, err
	}
	s.attacks = []selectionAttack{{pgd, s.evaluator.PGD(p.Select.attack(p.Epsilon))}}
	g, ok := l.(*game)
	if !ok || g.variant.Interpolates() { // its attacker needs a partner to pull towards
		return s, nil
	}
	attacker := g.networks[l2l.AttackersTurn]
	a, err := s.evaluator.Learned(g.variant, attacker.Network, attacker.Weights, p.Epsilon)
	s.attacks = append(s.attacks, selectionAttack{learned, a})
	return s, err
}

func (s *selection) len() int { return len(s.labels) }

// run scores the weights as they are.
func (s *selection) run(ctx context.Context) (found scores, err error) {
	if err := s.judge(ctx, clean, s.pixels, &found); err != nil {
		return found, err
	}
	for _, a := range s.attacks {
		var noise []float32
		if a.name == pgd {
			noise = s.noise
		}
		attacked, err := a.Attack.Attack(ctx, s.pixels, s.labels, noise)
		if err != nil {
			return found, err
		}
		if err := s.judge(ctx, a.name, attacked, &found); err != nil {
			return found, err
		}
	}
	return found, nil
}

// judge adds accuracy and mean loss on images.
func (s *selection) judge(ctx context.Context, name string, pixels []float32, found *scores) error {
	logits, err := s.evaluator.Logits(ctx, pixels)
	if err != nil {
		return err
	}
	right, loss := 0, 0.0
	for i, v := range l2l.Verdicts(logits, s.labels) {
		loss += v.Loss
		if v.Class == s.labels[i] {
			right++
		}
	}
	n := float64(s.len())
	found.names = append(found.names, name)
	found.accuracy = append(found.accuracy, float64(right)/n)
	found.loss = append(found.loss, loss/n)
	return nil
}

// under is the accuracy under an attack that was made.
func (s scores) under(name string) (accuracy float64) {
	for i, n := range s.names {
		if n == name {
			return s.accuracy[i]
		}
	}
	return 0
}
