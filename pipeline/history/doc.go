// Package history compares a plan with what a store remembers: why a cell is not a cache
// hit (Explainer), which record is nearest to it, and how long cells took in the past
// (Costs).
//
// Works are compared by their key lines. The index in survey.go and neighbours.go finds
// the nearest of many thousands without comparing with each.
package history
