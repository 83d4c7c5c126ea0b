package l2l

import (
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
	ByGraph    bool           // use graphs on the embedded backend, too: the reference for the engine
}

// A Game trains a classifier and an attacker against each other: min over f, max
// over g of CE(f(clip(x + g(A), 0, 1)), y). It is not safe for concurrent use.
type Game struct {
	Weights [2]*nn.Weights // by Turn

	config   GameConfig
	learners [2]learner
	steps    int
	on       gameSide
}

// A gameSide computes the turns of a Game: with graphs or with the engine.
type gameSide interface {
	// turn makes a turn of the step with the given number on a batch, and updates the weights of the
	// network whose turn it is. It returns the loss.
	turn(turn Turn, batch Batch, number int, rate float64) (float64, error)
	// pull makes the attacker's turn of a game that interpolates, and also returns the attacked
	// images. smoothed makes the classifier's turn on them.
	pull(batch Batch, number int, rate float64) (attacked []float32, distance float64, err error)
	smoothed(attacked []float32, batch Batch, number int, rate float64) (float64, error)
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

// Step makes the classifier's turn and then the attacker's turn on a batch, each at its own rate.
// The attacker uses the classifier as it is after its turn. Step returns both losses. If the
// attacker interpolates, its turn comes first.
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
	for turn := range losses {
		if losses[turn], err = g.on.turn(Turn(turn), batch, g.steps, rates[turn]); err != nil {
			return losses, inTurn(Turn(turn), err)
		}
	}
	return losses, nil
}

// interpolate is a step of the game with a variant that interpolates.
func (g *Game) interpolate(batch Batch, rates [2]float64) (losses [2]float64, err error) {
	attacked, distance, err := g.on.pull(batch, g.steps, rates[AttackersTurn])
	if err != nil {
		return losses, inTurn(AttackersTurn, err)
	}
	loss, err := g.on.smoothed(attacked, batch, g.steps, rates[ClassifiersTurn])
	if err != nil {
		return losses, inTurn(ClassifiersTurn, err)
	}
	return [2]float64{loss, distance}, nil
}

// inTurn adds to an error whose turn it was.
func inTurn(turn Turn, err error) error {
	return fmt.Errorf("the %s's turn: %w", [2]string{classifierName, attackerName}[turn], err)
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
