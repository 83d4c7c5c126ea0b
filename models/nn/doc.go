// Package nn holds convolutional networks as data: their parameters and weights, their layers and the
// steps of their computation. A network computes the same numbers as its original in PyTorch. Names
// and layouts of parameters are the same, too.
//
//   - A Param describes one tensor of a network. Weights hold the values of all tensors.
//   - A Builder declares layers with their Params and collects the steps of a Network.
//   - Packages graphs and engine run networks.
//
// Images outside networks are [b, c, h, w] in [0, 1]. Shapes use: b images of a batch, h and w rows
// and columns, c channels, o channels of an output, k rows and columns of a kernel, y classes.
package nn
