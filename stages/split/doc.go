// Package split holds the kinds that divide interactions into parts for training, validation and
// test.
//
// A fold is one of the parts that the users are divided into. The pairs of a held-out user are
// divided into targets and input: a model gets the input and must predict the targets. Folds and
// targets are exactly those of scikit-learn.
package split
