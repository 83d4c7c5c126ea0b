// Package l2l is Learning to Defend by Learning to Attack (Jiang et al. 2021):
// classifiers, attacker networks that learn to perturb their images, the
// attacks and losses they are compared with, and the game between the two.
//
//   - A Param says what one tensor of a network is; a Network is its Params and
//     what it computes; Weights are values for the Params.
//   - A Bound is a network with its weights as nodes of one graph. Passes through
//     it are in training or evaluation mode, and those in training mode move its
//     running statistics, each going on from the one before.
//   - A Classifier is a function from images to logits: what attacks know of a
//     network.
//   - A Trainer trains one network with a Method, a Game two against each other
//     with a Variant. Each step takes a Batch, which holds all that is random, and a
//     State is what a training must save to go on to the same bits.
//   - An Evaluator asks a trained classifier about images, and makes Attacks on it.
//
// Names, layouts and formulas are those of the authors' PyTorch code: images are
// [b, c, h, w] in [0, 1]. Inside networks channels come last, see conv.go. Shapes
// use: b images of a batch, h and w rows and columns, c channels, o channels of an
// output, k rows and columns of a kernel, y classes.
package l2l
