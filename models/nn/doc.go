// Package nn holds convolutional networks as GoMLX graphs: their parameters and weights, their
// layers, and their evaluation on any number of images. A network computes the same numbers as its
// original in PyTorch. Names and layouts of parameters are the same, too.
//
//   - A Param describes one tensor of a network. Weights hold the values of all tensors. A Builder
//     declares layers with their Params.
//   - A Network holds Params and describes a computation. A Bound is a network with its weights as
//     nodes of one graph. A Model is a network with its weights as inputs or constants of graphs.
//   - A Pass is one pass through a network, in training or evaluation mode. Its form computes the
//     layers and lays out images for the backend: batch last for the Go backend, channels first for
//     ONNX Runtime, channels last for compilers.
//   - An Evaluator runs graphs of a classifier on images, batch by batch.
//
// Images outside networks are [b, c, h, w] in [0, 1]. Shapes use: b images of a batch, h and w rows
// and columns, c channels, o channels of an output, k rows and columns of a kernel, y classes.
package nn
