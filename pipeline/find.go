package pipeline

import (
	"fmt"
	"strings"
)

// Cell returns the one cell that a text names: STAGE, or STAGE[axis=value,...]
// with as many axes as tell it from the others.
func (g *Graph) Cell(text string) (*Node, error) {
	nodes, err := g.find(text)
	if err != nil {
		return nil, fmt.Errorf("cell %q: %w", text, err)
	}
	if len(nodes) > 1 {
		return nil, fmt.Errorf("cell %q: these are %d cells; name one, such as %s", text, len(nodes), nodes[0].ID)
	}
	return nodes[0], nil
}

// CutFile parts CELL/FILE. File is empty when there is none.
func CutFile(text string) (cell, file string) {
	var q quotes
	depth := 0
	for i, r := range text {
		switch {
		case !q.outside(r):
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == '/' && depth <= 0:
			return strings.TrimSpace(text[:i]), text[i+1:]
		}
	}
	return text, ""
}
