// Package spec reads foil's experiment language: a YAML file becomes a Spec,
// with the position of everything in it, or a list of all that is wrong.
//
// A spec has stages. A stage uses a kind, is given parameters (with), needs the
// artifacts of other stages (needs: cell by cell; gather: all cells at once) and
// is multiplied by axes (matrix) into cells. What the kinds are, which parameters
// they take and how cells are joined is not known here: see package pipeline.
//
// The one promise: whatever the bytes, Parse returns a Spec that holds or
// Errors that say where and what, and never panics.
package spec
