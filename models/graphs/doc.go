// Package graphs builds GoMLX graphs of the networks of package nn: the interpreter for XLA and ONNX
// Runtime, and the reference for package engine on the embedded backend.
//
//   - A Bound is a network with its weights as nodes of one graph. A Model is a network with its
//     weights as inputs or constants of graphs.
//   - A form computes the layers and lays out images for the backend: channels first for ONNX
//     Runtime, channels last for compilers.
package graphs
