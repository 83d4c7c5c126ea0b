// Package graph turns a spec into nodes: a stage, multiplied by its axes, becomes a node
// at each point of them, and every node points to those that it needs.
//
// Build checks the wiring against the kinds, joins the axes and decodes the parameters of
// every node, once. Select narrows a graph to some cells and what they need.
//
// The one promise: what Build accepts can be planned and run; all that is wrong with a
// spec is reported at once, with its place.
package graph
