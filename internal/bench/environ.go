package bench

import (
	"slices"
	"strings"
)

// Without returns the environment without the variables that begin with one of
// the prefixes. A prefix that ends in = is a whole name.
func Without(env, prefixes []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(entry, prefix) })
	})
}
