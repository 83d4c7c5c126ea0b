package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/graphs"
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

// interpolate builds the attacked images and the distance to their partners, which the attacker
// minimises.
func (g *round) interpolate(x, start *Node) (attacked, distance *Node) {
	features := func(x *Node) *Node { return g.classifier.Features(x, nn.Evaluation) }
	partners := StopGradient(features(Reverse(x, 0)))
	g.objective = func(at *Node) *Node { return cosineDistance(features(at), partners) }
	attacked = g.recipe.Method.pull.graph(g, g.recipe, start)
	attacked = Max(Min(attacked, AddScalar(x, g.epsilon())), AddScalar(x, -g.epsilon()))
	attacked = ClipScalar(attacked, 0, 1)
	return attacked, g.objective(attacked)
}

// cosineDistance is the mean of 1 - cos over rows a and b [b, features], clipped below at zero. As
// in the PyTorch version of the scripts, the product of lengths is at least 1e-6.
func cosineDistance(a, b *Node) *Node {
	squares := Mul(ReduceSum(Square(a), -1), ReduceSum(Square(b), -1))
	cosine := Div(ReduceSum(Mul(a, b), -1), Sqrt(MaxScalar(squares, 1e-12)))
	return ReduceAllMean(graphs.ReLU(OneMinus(cosine)))
}

// smoothedCrossEntropy is graphs.CrossEntropy with smoothed labels [b]: part of a label is distributed
// evenly over all classes but the partner's.
func smoothedCrossEntropy(logits, labels *Node, part float64) *Node {
	classes := logits.Shape().Dim(-1)
	own := OneHot(labels, classes, logits.DType())
	others := DivScalar(OneMinus(Reverse(own, 0)), float64(classes-1))
	target := Add(MulScalar(own, 1-part), MulScalar(others, part))
	return DivScalar(Neg(ReduceAllSum(Mul(target, LogSoftmax(logits)))), float64(logits.Shape().Dim(0)))
}
