package classifier

import (
	"fmt"

	"github.com/gomlx/compute"

	"foil/internal/artifact/checkpoints"
	"foil/internal/classifiers"
	"foil/models/l2l"
	"foil/models/nn"
	"foil/models/optim"
	"foil/models/random"
)

// lowered is the name of the loss that the classifier minimises.
const lowered = "loss"

// A learner trains the networks, batch by batch.
type learner interface {
	// losses returns the names of the losses that step returns. The first one is lowered.
	losses() []string
	step(b l2l.Batch, rate float64) ([]float64, error)
	// flat returns, by l2l.Turn, the number of gradients since the last call that the attacker saw and
	// that were zero in every value. nil: no attacker sees gradients.
	flat() []int
	classifier() classifiers.Trained
	tensors() (checkpoints.Weights, error) // copies of the weights
	state() (l2l.State, error)
	setState(find l2l.Lookup, steps int) error
}

// newLearner makes the networks. Their initial weights depend only on the seed.
func newLearner(b compute.Backend, p *Params, x *batches, classes int, seed uint64) (learner, error) {
	network, err := p.Network.Build(x.shape, classes)
	if err != nil {
		return nil, err
	}
	weights, err := nn.NewWeights(b, network.Params, seed, "weights/classifier")
	if err != nil {
		return nil, err
	}
	classifier := classifiers.Trained{Network: network, Weights: weights}
	sgd := l2l.SGD{Momentum: p.Momentum, WeightDecay: p.WeightDecay}
	if p.method().HasAttacker() {
		return newGame(b, p, x, classifier, sgd, seed)
	}
	recipe := p.recipe()
	trainer, err := l2l.NewTrainer(l2l.TrainerConfig{Recipe: recipe, Network: network, Image: image(x), Optimizer: sgd, Backend: b}, weights)
	return &alone{trainer, classifier, x, recipe, p.start()}, err
}

// image is the shape of the images.
func image(x *batches) [3]int { return [3]int{x.shape.Channels, x.shape.Height, x.shape.Width} }

// alone trains a classifier without an attacker network.
type alone struct {
	trainer *l2l.Trainer
	trained classifiers.Trained
	batches *batches
	recipe  l2l.Recipe
	start   random.Noise
}

func (a *alone) losses() []string {
	if a.recipe.Moves() == 0 {
		return []string{lowered}
	}
	return []string{lowered, "clean", "adversarial"}
}

func (a *alone) step(b l2l.Batch, rate float64) ([]float64, error) {
	a.batches.prepare(&b, a.start, a.trained.Network, a.recipe.TrainingPasses())
	l, err := a.trainer.Step(b, rate)
	return []float64{l.Total, l.Clean, l.Adversarial}[:len(a.losses())], err
}

func (a *alone) flat() []int { return nil }

func (a *alone) classifier() classifiers.Trained { return a.trained }

func (a *alone) tensors() (checkpoints.Weights, error) {
	tensors, err := classifiers.CopyTensors(a.trained.Weights)
	return checkpoints.Weights{checkpoints.Model: tensors}, err
}

func (a *alone) state() (l2l.State, error)                 { return a.trainer.State() }
func (a *alone) setState(find l2l.Lookup, steps int) error { return a.trainer.SetState(find, steps) }

// game trains a classifier and an attacker network against each other.
type game struct {
	game     *l2l.Game
	networks [2]classifiers.Trained // by l2l.Turn
	recipe   l2l.Recipe
	rate     float64 // of the attacker
	batches  *batches
	start    random.Noise
}

func newGame(b compute.Backend, p *Params, x *batches, classifier classifiers.Trained, sgd l2l.SGD, seed uint64) (*game, error) {
	recipe, network, err := p.game().Build(x.shape)
	if err != nil {
		return nil, err
	}
	weights, err := nn.NewWeights(b, network.Params, seed, "weights/attacker")
	if err != nil {
		return nil, err
	}
	var attackers l2l.Optimizer = l2l.Adam(optim.DefaultAdam(p.L2L.WeightDecay))
	if p.L2L.Optimizer == "sgd" {
		attackers = l2l.SGD{Momentum: p.L2L.Momentum, WeightDecay: p.L2L.WeightDecay}
	}
	g, err := l2l.NewGame(l2l.GameConfig{
		Recipe: recipe, Backend: b, Image: image(x), StopAtFlat: p.L2L.ZeroGrad == "stop",
		Networks: [2]*nn.Network{classifier.Network, network}, Optimizers: [2]l2l.Optimizer{sgd, attackers},
	}, classifier.Weights, weights)
	if err != nil {
		return nil, err
	}
	return &game{
		game: g, networks: [2]classifiers.Trained{classifier, {Network: network, Weights: weights}},
		recipe: recipe, rate: p.L2L.Rate, batches: x, start: p.start(),
	}, nil
}

func (g *game) losses() []string { return []string{lowered, "attacker"} }

func (g *game) step(b l2l.Batch, rate float64) ([]float64, error) {
	g.batches.prepare(&b, g.start, g.classifier().Network, g.recipe.TrainingPasses())
	losses, err := g.game.Step(b, [2]float64{rate, g.rate})
	return losses[:], err
}

func (g *game) flat() []int {
	if g.recipe.Method.Sees != l2l.Gradients {
		return nil
	}
	n := g.game.Flat()
	return n[:]
}

func (g *game) classifier() classifiers.Trained { return g.networks[l2l.ClassifiersTurn] }

func (g *game) tensors() (checkpoints.Weights, error) {
	classifier, err := classifiers.CopyTensors(g.networks[l2l.ClassifiersTurn].Weights)
	if err != nil {
		return nil, fmt.Errorf("classifier: %w", err)
	}
	attacker, err := classifiers.CopyTensors(g.networks[l2l.AttackersTurn].Weights)
	return checkpoints.Weights{checkpoints.Model: classifier, classifiers.AttackerPart: attacker}, err
}

func (g *game) state() (l2l.State, error)                 { return g.game.State() }
func (g *game) setState(find l2l.Lookup, steps int) error { return g.game.SetState(find, steps) }
