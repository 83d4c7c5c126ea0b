// Package graph turns a spec into nodes. A stage becomes one node for each point of its axes, and
// every node points to its dependencies.
//
// Build checks the wiring against the kinds, joins the axes and decodes the parameters of every
// node once. Select reduces a graph to some cells and their dependencies.
//
// The one promise: a graph that Build accepts can be planned and run, and Build reports all errors
// of a spec at once, with their positions.
package graph
