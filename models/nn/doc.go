// Package nn is convolutional networks as graphs of GoMLX: their parameters and weights,
// their layers, and their evaluation on any number of images. A network gives the same
// numbers as its original in PyTorch, with names and layouts of parameters as there.
//
//   - A Param describes one tensor of a network, Weights hold the values of all of them.
//     A Builder declares layers, each with its Params.
//   - A Network is its Params and what it computes. A Bound is a network with its weights as
//     nodes of one graph, a Model one with its weights as graphs take them.
//   - A Pass goes once through a network, in training or evaluation mode. Its form is how the
//     layers are computed and images laid out for the backend: batch last for the Go backend,
//     channels first for ONNX Runtime, channels last for compilers.
//   - An Evaluator takes images through graphs of a classifier, batch by batch.
//
// Outside of networks images are [b, c, h, w] in [0, 1]. Shapes use: b images of a batch, h
// and w rows and columns, c channels, o channels of an output, k rows and columns of a
// kernel, y classes.
package nn
