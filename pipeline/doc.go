// Package pipeline turns a spec into cells and runs those whose result is not
// in the cache.
//
// A Kind is one thing a stage can do. A stage, multiplied by its axes, becomes
// Nodes; together they are the Graph, in which every node points to what it
// needs. A Plan is the graph with a key and a state for every node, as far as
// they are known before anything runs. Execute runs the plan: a Cell is what a
// kind sees of its node, an Artifact what it leaves, an Event what people are
// told, an Outcome what came of it.
//
// The one promise: a cell runs only if nobody, under any name and on any
// machine that shares the cache, has done the same work before.
//
// No kind is known here: package stages names them all.
package pipeline
