package l2l

import (
	"foil/models/backend"
	"foil/models/engine"
	"foil/models/losses"
	"foil/models/nn"
)

// An engineGame computes the turns of a Game with the engine.
type engineGame struct {
	config   GameConfig
	learners [2]learner
	nets     [2]*engine.Net // by Turn
	features *engine.Net    // the classifier without its last layer, for games that interpolate
}

func newEngineGame(c GameConfig, learners [2]learner) (*engineGame, error) {
	g := &engineGame{config: c, learners: learners}
	nets, features, err := engineNets(c.Recipe, c.Networks, c.Image, backend.Threads(c.Backend))
	g.nets, g.features = nets, features
	return g, err
}

// engineNets prepares the networks of a game.
func engineNets(r Recipe, networks [2]*nn.Network, image [3]int, threads int) (nets [2]*engine.Net, features *engine.Net, err error) {
	for turn, n := range networks {
		seen := image
		seen[0] = n.Channels
		if nets[turn], err = engine.New(n, seen, threads); err != nil {
			return nets, nil, err
		}
	}
	if r.Method.Interpolates() {
		features, err = engine.New(networks[ClassifiersTurn].Body(), image, threads)
	}
	return nets, features, err
}

// round begins a round with the current weights.
func (g *engineGame) round(turn Turn, batch Batch) (*engineRound, error) {
	for t, net := range g.nets {
		if err := net.Load(g.learners[t].weights); err != nil {
			return nil, err
		}
	}
	if g.features != nil {
		if err := g.features.Load(g.learners[ClassifiersTurn].weights); err != nil {
			return nil, err
		}
	}
	g.nets[turn].ClearGradients()
	r := &engineRound{
		recipe: g.config.Recipe, image: g.config.Image, labels: batch.Labels, features: g.features,
		classifier: player{net: g.nets[ClassifiersTurn]}, attacker: player{net: g.nets[AttackersTurn]},
	}
	if turn == AttackersTurn {
		r.attacker.mode = nn.Training
		return r, nil
	}
	r.classifier.mode = nn.Training
	passes := 0
	r.classifier.mask = func() []float32 {
		passes++
		return batch.mask(g.config.Networks[ClassifiersTurn], passes-1)
	}
	return r, nil
}

func (g *engineGame) turn(turn Turn, batch Batch, number int, rate float64) (result turnResult, err error) {
	r, err := g.round(turn, batch)
	if err != nil {
		return result, err
	}
	defer r.done()
	attacked := r.perturbed(batch.X)
	if r.err != nil {
		return result, r.err
	}
	want := engine.OfWeights
	if turn == AttackersTurn {
		want = engine.OfImages
	}
	loss, gradient, err := r.objective(attacked.x, want)
	if err != nil {
		return result, err
	}
	if turn == AttackersTurn {
		r.backward(attacked, scaled(gradient, -1)) // the attacker raises the loss
	}
	return turnResult{loss, r.flat}, g.learners[turn].take(g.nets[turn], number, rate)
}

func (g *engineGame) pull(batch Batch, number int, rate float64) (attacked []float32, result turnResult, err error) {
	r, err := g.round(AttackersTurn, batch)
	if err != nil {
		return nil, result, err
	}
	defer r.done()
	moved := r.interpolated(batch.X, batch.start())
	if r.err != nil {
		return nil, result, r.err
	}
	distance, gradient, err := r.objective(moved.x, engine.OfImages)
	if err != nil {
		return nil, result, err
	}
	r.backward(moved, gradient)
	return moved.x, turnResult{distance, r.flat}, g.learners[AttackersTurn].take(g.nets[AttackersTurn], number, rate)
}

func (g *engineGame) smoothed(attacked []float32, batch Batch, number int, rate float64) (result turnResult, err error) {
	r, err := g.round(ClassifiersTurn, batch)
	if err != nil {
		return result, err
	}
	defer r.done()
	n, part := len(batch.Labels), float32(g.config.Recipe.Settings.Smooth)
	result.loss, _, err = r.through(r.classifier, attacked, engine.OfWeights, func(i int, logits, d []float32) float64 {
		return losses.SmoothedCrossEntropy(logits, batch.Labels[i], batch.Labels[n-1-i], part, 1/float32(n), d)
	})
	if err != nil {
		return result, err
	}
	return result, g.learners[ClassifiersTurn].take(g.nets[ClassifiersTurn], number, rate)
}
