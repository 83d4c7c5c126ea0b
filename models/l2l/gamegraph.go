package l2l

import (
	"errors"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
	"foil/models/graphs"
	"foil/models/nn"
)

// A graphGame computes the turns of a Game with graphs.
type graphGame struct {
	config   GameConfig
	learners [2]learner
	turns    [2]*Exec
}

func newGraphGame(c GameConfig, learners [2]learner) (*graphGame, error) {
	g := &graphGame{config: c, learners: learners}
	turns := [2]func(in []*Node) []*Node{
		func(in []*Node) []*Node { return g.build(ClassifiersTurn, in) },
		func(in []*Node) []*Node { return g.build(AttackersTurn, in) },
	}
	if c.Recipe.Method.Interpolates() {
		turns = [2]func(in []*Node) []*Node{g.smoothedTurn, g.pullingTurn}
	}
	for turn, build := range turns {
		exec, err := backend.Compile(c.Backend, build)
		if err != nil {
			return nil, err
		}
		g.turns[turn] = exec
	}
	return g, nil
}

// bind takes the nodes of both networks' weights, the attacker's first, and optionally the
// classifier's masks.
func (g *graphGame) bind(nodes []*Node) (classifier, attacker *graphs.Bound) {
	networks := g.config.Networks
	first := len(networks[AttackersTurn].Params)
	return graphs.BindMasked(networks[ClassifiersTurn], nodes[first:]), graphs.Bind(networks[AttackersTurn], nodes[:first])
}

// inputs returns both networks' weights in the order of bind.
func (g *graphGame) inputs() []any {
	return append(g.learners[AttackersTurn].weights.Inputs(), g.learners[ClassifiersTurn].weights.Inputs()...)
}

// build builds the loss of a turn, and the gradients and statistics of the network that moves.
// Inputs are images, labels, both networks' weights and, on the classifier's turn, its masks.
func (g *graphGame) build(turn Turn, in []*Node) []*Node {
	classifier, attacker := g.bind(in[2:])
	made := g.config.Recipe.Loss(turn, classifier, attacker, in[0], in[1])
	leading := []*Node{made.Loss, made.Flat}
	if turn == AttackersTurn {
		return append(leading, learned(Neg(made.Loss), attacker)...)
	}
	return append(leading, learned(made.Loss, classifier)...)
}

func (g *graphGame) turn(turn Turn, batch Batch, number int, rate float64) (turnResult, error) {
	b := batch.tensors(g.config.Networks[ClassifiersTurn], g.config.Image)
	in := slices.Concat([]any{b.x, b.labels}, g.inputs())
	if turn == ClassifiersTurn {
		in = append(in, b.masks...)
	}
	return g.move(turn, number, rate, in)
}

// move makes a turn. Its leading outputs are the loss and the number of gradients that are zero in
// every value.
func (g *graphGame) move(turn Turn, number int, rate float64, in []any) (turnResult, error) {
	out, err := g.learners[turn].move(g.turns[turn], number, rate, 2, in...)
	if err != nil {
		return turnResult{}, err
	}
	found, err := scalars(out...)
	if err != nil {
		return turnResult{}, err
	}
	return turnResult{found[0], int(found[1])}, nil
}

// pullingTurn builds the attacker's distance, the number of flat gradients, the attacked images, and the gradients and
// statistics. Inputs are images, starts and both networks' weights.
func (g *graphGame) pullingTurn(in []*Node) []*Node {
	classifier, attacker := g.bind(in[2:])
	r := &round{recipe: g.config.Recipe, classifier: classifier, attacker: attacker, attackerMode: nn.Training}
	attacked, distance := r.interpolate(in[0], in[1])
	return append([]*Node{distance, r.flats(in[0]), attacked}, learned(distance, attacker)...)
}

// smoothedTurn builds the classifier's loss, and the gradients and statistics. Inputs are attacked
// images, labels, the classifier's weights and masks.
func (g *graphGame) smoothedTurn(in []*Node) []*Node {
	classifier := graphs.BindMasked(g.config.Networks[ClassifiersTurn], in[2:])
	loss := smoothedCrossEntropy(classifier.Logits(in[0], nn.Training), in[1], g.config.Recipe.Settings.Smooth)
	return append([]*Node{loss, ZerosLike(loss)}, learned(loss, classifier)...)
}

func (g *graphGame) pull(batch Batch, number int, rate float64) (attacked []float32, result turnResult, err error) {
	in := append([]any{images(batch.X, g.config.Image), images(batch.start(), g.config.Image)}, g.inputs()...)
	out, err := g.learners[AttackersTurn].move(g.turns[AttackersTurn], number, rate, 3, in...)
	if err != nil {
		return nil, result, err
	}
	attacked, err = backend.Copy(out[2])
	if err := errors.Join(err, backend.Release(out[2])); err != nil {
		return nil, result, err
	}
	found, err := scalars(out[:2]...)
	if err != nil {
		return nil, result, err
	}
	return attacked, turnResult{found[0], int(found[1])}, nil
}

func (g *graphGame) smoothed(attacked []float32, batch Batch, number int, rate float64) (turnResult, error) {
	b := batch.tensors(g.config.Networks[ClassifiersTurn], g.config.Image)
	weights := g.learners[ClassifiersTurn].weights.Inputs()
	return g.move(ClassifiersTurn, number, rate, slices.Concat([]any{images(attacked, g.config.Image), b.labels}, weights, b.masks))
}
