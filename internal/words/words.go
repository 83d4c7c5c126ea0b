// Package words formats numbers and lists for sentences.
package words

import (
	"fmt"
	"strings"
)

// And writes words as "a, b and c".
func And(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// Few writes the first names of a long list: "a, b and 17 others".
func Few(names []string) string {
	const few = 5
	if len(names) > few+1 {
		names = append(names[:few:few], Count(len(names)-few, "other"))
	}
	return And(names)
}

// Count writes "1 cell" or "2 cells".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
