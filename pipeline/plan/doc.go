// Package plan says what a run would do: the key of every node, as far as it is known,
// and whether it is a cache hit.
//
// The key of a node is made of key lines (see key.go): kind, parameters, seed, backend,
// and inputs by content. A node whose input is not in the store yet has no key: it
// depends on what that one will make.
//
// The one promise: equal work has an equal key, under any name and on any machine.
package plan
