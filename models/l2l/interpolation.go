package l2l

import (
	"errors"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
	"foil/models/nn"
)

// The games that interpolate, after the published scripts for Grad and 2-Step L2L with adversarial
// interpolation. From a random start near an image, an attacker moves the image's features, the
// input of the classifier's last layer, towards those of a partner, another image of the batch. The
// attacker moves first. Then the classifier is trained on the images from before the attacker's
// update, with labels smoothed towards all classes but the partner's.
//
// As in the scripts: the partner is the image at the other end of the batch. The start is
// uniform in +-epsilon and not clipped. The attacker sees the start and the gradient of the
// batch's mean distance there, divided by its largest absolute value. The attacked image is kept
// within epsilon of the image and in [0, 1]. Features are taken in evaluation mode. The caller
// sets the classifier's rate: with Grad it is a tenth from the 60th epoch of 76 on (and would be
// a hundredth from the 90th), with 2-Step it falls at 30, 60 and 90 of 300.
//
// Unlike in the scripts: an all-zero gradient remains zero, where the scripts divide by it. On
// its turn the attacker of 2-Step is in training mode, too. The script names that switch without
// calling it, so there the attacker is in evaluation mode from the second batch on.

// A pull moves a start towards the partners. The result is not yet kept within bounds.
type pull func(g *round, start *Node) *Node

// gradPull is the pull of Grad L2L. The script smooths labels by 0.5.
func gradPull(g *round, start *Node) *Node {
	return Add(start, g.attack(StopGradient(g.withGradient(start))))
}

// twoStepPull is the pull of 2-Step L2L. The second move starts from the images after the first
// one, clipped to [0, 1], and is differentiated through them. The script smooths labels by 0.9.
func twoStepPull(g *round, start *Node) *Node {
	at := ClipScalar(Add(start, g.attack(StopGradient(g.withGradient(start)))), 0, 1)
	return Add(at, g.attack(g.withGradient(at)))
}

// interpolate builds the attacked images and the distance to their partners, which the attacker
// minimises.
func (g *round) interpolate(x, start *Node) (attacked, distance *Node) {
	features := func(x *Node) *Node { return g.classifier.Features(x, nn.Evaluation) }
	partners := StopGradient(features(Reverse(x, 0)))
	g.objective = func(at *Node) *Node { return cosineDistance(features(at), partners) }
	attacked = g.recipe.Method.pull(g, start)
	attacked = Max(Min(attacked, AddScalar(x, g.epsilon())), AddScalar(x, -g.epsilon()))
	attacked = ClipScalar(attacked, 0, 1)
	return attacked, g.objective(attacked)
}

// cosineDistance is the mean of 1 - cos over rows a and b [b, features], clipped below at zero. As
// in the PyTorch version of the scripts, the product of lengths is at least 1e-6.
func cosineDistance(a, b *Node) *Node {
	squares := Mul(ReduceSum(Square(a), -1), ReduceSum(Square(b), -1))
	cosine := Div(ReduceSum(Mul(a, b), -1), Sqrt(MaxScalar(squares, 1e-12)))
	return ReduceAllMean(nn.ReLU(OneMinus(cosine)))
}

// smoothedCrossEntropy is nn.CrossEntropy with smoothed labels [b]: part of a label is distributed
// evenly over all classes but the partner's.
func smoothedCrossEntropy(logits, labels *Node, part float64) *Node {
	classes := logits.Shape().Dim(-1)
	own := OneHot(labels, classes, logits.DType())
	others := DivScalar(OneMinus(Reverse(own, 0)), float64(classes-1))
	target := Add(MulScalar(own, 1-part), MulScalar(others, part))
	return DivScalar(Neg(ReduceAllSum(Mul(target, LogSoftmax(logits)))), float64(logits.Shape().Dim(0)))
}

// pullingTurn builds the attacker's distance, the attacked images, and the gradients and
// statistics. Inputs are images, starts and both networks' weights.
func (g *Game) pullingTurn(in []*Node) []*Node {
	classifier, attacker := g.bind(in[2:])
	r := &round{recipe: g.config.Recipe, classifier: classifier, attacker: attacker, attackerMode: nn.Training}
	attacked, distance := r.interpolate(in[0], in[1])
	return append([]*Node{distance, attacked}, learned(distance, attacker)...)
}

// smoothedTurn builds the classifier's loss, and the gradients and statistics. Inputs are attacked
// images, labels, the classifier's weights and masks.
func (g *Game) smoothedTurn(in []*Node) []*Node {
	classifier := g.config.Networks[ClassifiersTurn].BindMasked(in[2:])
	loss := smoothedCrossEntropy(classifier.Logits(in[0], nn.Training), in[1], g.config.Recipe.Settings.Smooth)
	return append([]*Node{loss}, learned(loss, classifier)...)
}

// interpolate is a step of the game with a variant that interpolates.
func (g *Game) interpolate(batch Batch, masks []any, rates [2]float64) (losses [2]float64, err error) {
	start, err := batch.start(g.config.Backend)
	if err != nil {
		return losses, err
	}
	pulled, err := g.move(AttackersTurn, rates, 2, append([]any{batch.X, start}, g.inputs()...)...)
	if err = errors.Join(err, backend.Release(start)); err != nil {
		return losses, err
	}
	attacked := pulled[1]
	in := slices.Concat([]any{attacked, batch.Labels}, g.Weights[ClassifiersTurn].Inputs(), masks)
	learnt, err := g.move(ClassifiersTurn, rates, 1, in...)
	if err = errors.Join(err, backend.Release(attacked)); err != nil {
		return losses, err
	}
	values, err := scalars(learnt[0], pulled[0])
	if err != nil {
		return losses, err
	}
	return [2]float64(values), nil
}
