// Package spec reads foil's experiment language. It turns a YAML file into a Spec with the
// positions of all values, or into a list of all errors.
//
// A spec has stages. A stage uses a kind, has parameters (with), reads the artifacts of other
// stages (needs: cell by cell; gather: all cells at once), and is multiplied by axes (matrix) into
// cells. This package does not know the kinds, their parameters and the joins of cells: see package
// pipeline.
//
// The one promise: for any input, Parse returns a valid Spec or Errors with positions, and never
// panics.
package spec
