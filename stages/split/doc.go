// Package split holds the stages that divide interactions into what models
// are trained on, chosen by and judged on.
//
// A fold is one of the parts that the users are dealt into; a hold-out is the
// share of a held-out user's pairs that a model must find (targets) from the
// others (input). Both are bit for bit those of scikit-learn.
package split
