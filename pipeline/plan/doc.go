// Package plan finds out what a run would do: the key of every node, as far as it is known, and
// whether the node is a cache hit.
//
// The key of a node is made of key lines: kind, parameters, seed, backend, and inputs
// by content. A node has no key yet if one of its inputs is not in the store, because the key
// depends on the content of the input.
//
// The one promise: equal work has equal keys, under any name and on any machine.
package plan
