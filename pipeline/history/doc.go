// Package history compares a plan with the records of a store. It explains why a cell is a cache
// miss (Explainer), finds the most similar record, and estimates times from past costs (Costs).
//
// Works are compared by their key lines. The index in survey.go and neighbours.go finds the nearest
// of many thousands of works without a comparison with each.
package history
