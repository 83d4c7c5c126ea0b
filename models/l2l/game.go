package l2l

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute"

	"foil/models/engine"
	"foil/models/nn"
)

// A GameConfig describes the training of a classifier and an attacker network.
type GameConfig struct {
	Recipe     Recipe // a method with an attacker network
	Backend    compute.Backend
	Image      [3]int         // channels, rows, columns
	Networks   [2]*nn.Network // by Turn: the classifier, the attacker
	Optimizers [2]Optimizer   // by Turn
	StopAtFlat bool           // a gradient that is zero everywhere is an error, see ErrFlat
	ByGraph    bool           // use graphs on the embedded backend, too: the reference for the engine
}

// A Game trains a classifier and an attacker against each other: min over f, max
// over g of CE(f(clip(x + g(A), 0, 1)), y). It is not safe for concurrent use.
type Game struct {
	Weights [2]*nn.Weights // by Turn

	config   GameConfig
	learners [2]learner
	steps    int
	flat     [2]int // by Turn, see Flat
	on       gameSide
}

// ErrFlat means that the gradient in the images of a batch, which the attacker sees, is zero in every
// value. Dividing it by its largest value gives no number, with which the published scripts go on. A
// game takes it as zero, unless StopAtFlat is set.
var ErrFlat = errors.New("the gradient in the images of the batch is zero in every value, so it has no largest value to be divided by")

// A turnResult is the result of a turn: the loss, and how many of the gradients that the attacker saw
// were zero in every value.
type turnResult struct {
	loss float64
	flat int
}

// A gameSide computes the turns of a Game: with graphs or with the engine.
type gameSide interface {
	// turn makes a turn of the step with the given number on a batch, and updates the weights of the
	// network whose turn it is.
	turn(turn Turn, batch Batch, number int, rate float64) (turnResult, error)
	// pull makes the attacker's turn of a game that interpolates, and also returns the attacked
	// images. smoothed makes the classifier's turn on them.
	pull(batch Batch, number int, rate float64) (attacked []float32, distance turnResult, err error)
	smoothed(attacked []float32, batch Batch, number int, rate float64) (turnResult, error)
}

// The names of the two networks.
const (
	classifierName = "classifier"
	attackerName   = "attacker"
)

// NewGame starts from the given weights, which it changes.
func NewGame(c GameConfig, classifier, attacker *nn.Weights) (*Game, error) {
	g := &Game{Weights: [2]*nn.Weights{classifier, attacker}, config: c}
	for turn, name := range []string{classifierName, attackerName} {
		l, err := newLearner(name, g.Weights[turn], c.Optimizers[turn])
		if err != nil {
			return nil, err
		}
		g.learners[turn] = l
	}
	if !c.Recipe.Method.HasAttacker() {
		return nil, fmt.Errorf("method %q has no attacker network", c.Recipe.Method.Name)
	}
	var err error
	if engine.For(c.Backend) && !c.ByGraph {
		g.on, err = newEngineGame(c, g.learners)
	} else {
		g.on, err = newGraphGame(c, g.learners)
	}
	return g, err
}

// Step makes the classifier's turn and then the attacker's turns on a batch, each at its own rate.
// The attacker uses the classifier as it is after its turn. Step returns both losses, of the attacker
// the mean over its turns. If the attacker interpolates, its turns come first, and the classifier is
// trained on the images from before them.
func (g *Game) Step(batch Batch, rates [2]float64) (losses [2]float64, err error) {
	if err := batch.check(g.config.Networks[ClassifiersTurn], g.config.Recipe.TrainingPasses()); err != nil {
		return losses, err
	}
	if g.config.Recipe.Method.Interpolates() {
		if err := batch.checkNoise(); err != nil {
			return losses, err
		}
		g.steps++
		return g.interpolate(batch, rates)
	}
	g.steps++
	learnt, err := g.on.turn(ClassifiersTurn, batch, g.steps, rates[ClassifiersTurn])
	if losses[ClassifiersTurn], err = g.took(ClassifiersTurn, learnt, err); err != nil {
		return losses, err
	}
	for i := range g.updates() {
		moved, err := g.on.turn(AttackersTurn, batch, g.attackersStep(i), rates[AttackersTurn])
		loss, err := g.took(AttackersTurn, moved, err)
		if err != nil {
			return losses, err
		}
		losses[AttackersTurn] += loss / float64(g.updates())
	}
	return losses, nil
}

// interpolate is a step of the game with a variant that interpolates.
func (g *Game) interpolate(batch Batch, rates [2]float64) (losses [2]float64, err error) {
	var attacked []float32
	for i := range g.updates() {
		images, moved, err := g.on.pull(batch, g.attackersStep(i), rates[AttackersTurn])
		loss, err := g.took(AttackersTurn, moved, err)
		if err != nil {
			return losses, err
		}
		losses[AttackersTurn] += loss / float64(g.updates())
		if i == 0 {
			attacked = images
		}
	}
	learnt, err := g.on.smoothed(attacked, batch, g.steps, rates[ClassifiersTurn])
	losses[ClassifiersTurn], err = g.took(ClassifiersTurn, learnt, err)
	return losses, err
}

// updates is the number of the attacker's turns in a step.
func (g *Game) updates() int { return max(g.config.Recipe.Settings.Updates, 1) }

// attackersStep is the number of the attacker's turn i of this step, counted from 1.
func (g *Game) attackersStep(i int) int { return (g.steps-1)*g.updates() + i + 1 }

// took counts what a turn has found.
func (g *Game) took(turn Turn, r turnResult, err error) (loss float64, _ error) {
	g.flat[turn] += r.flat
	if err == nil && r.flat > 0 && g.config.StopAtFlat {
		err = ErrFlat
	}
	if err != nil {
		return r.loss, fmt.Errorf("the %s's turn: %w", [2]string{classifierName, attackerName}[turn], err)
	}
	return r.loss, nil
}

// Flat returns, by Turn, how many of the gradients that the attacker saw since the last call were zero
// in every value.
func (g *Game) Flat() (n [2]int) {
	n, g.flat = g.flat, n
	return n
}

// State returns everything that the game has changed about both networks.
func (g *Game) State() (State, error) { return stateOf(g.steps, g.learners[:]...) }

// SetState sets the game to the state whose arrays lookup returns. If one of them is wrong, nothing
// is changed.
func (g *Game) SetState(lookup Lookup, steps int) error {
	if err := restore(lookup, g.learners[:]...); err != nil {
		return err
	}
	g.steps = steps
	return nil
}
