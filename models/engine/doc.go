// Package engine runs networks of package nn on the processor, without graphs: the interpreter for
// the embedded backend. It computes the numbers of the graphs that package graphs builds, up to
// rounding.
//
//   - A Net is a network prepared for images of one size, with its weights in the order in which
//     convolutions read them.
//   - A Plan is a Net's operations in one mode. Layers that follow each other become one operation
//     where that saves a pass over memory. In evaluation mode, batch norm becomes part of the
//     convolution before it.
//   - A Pass holds the values of one pass through a network, forward and backward.
//
// In evaluation mode images do not depend on each other. So each thread takes some images through
// the whole network, where they stay in its cache. In training mode threads share the images of each
// operation. Results have the same bits for any number of threads: sums over images are taken in the
// order of the images.
package engine
