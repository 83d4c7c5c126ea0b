package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"foil/spec"
)

// Select reduces a graph to some cells and their dependencies. A selection is STAGE for all cells
// of a stage, or STAGE[axis=value,...] for the cells with these values. Several selections add up.
// A gathering stage is included only if it is selected or a selected cell depends on it. It then
// includes all cells that it gathers.
func (g *Graph) Select(only []string) (*Graph, error) {
	if len(only) == 0 {
		return g, nil
	}
	chosen := map[*Node]bool{}
	var problems []string
	for _, text := range only {
		nodes, err := g.find(text)
		if err != nil {
			problems = append(problems, fmt.Sprintf("--only %q: %v", text, err))
		}
		for _, n := range nodes {
			choose(n, chosen)
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(problems, "\n"))
	}
	narrow := &Graph{Spec: g.Spec, Files: g.Files, Notes: g.Notes, doubts: g.doubts, Whole: cmp.Or(g.Whole, g)}
	for _, n := range g.Nodes {
		if chosen[n] {
			narrow.Nodes = append(narrow.Nodes, n)
		}
	}
	return narrow, nil
}

// choose adds a node and its dependencies.
func choose(n *Node, chosen map[*Node]bool) {
	if chosen[n] {
		return
	}
	chosen[n] = true
	for _, in := range n.Inputs {
		for _, from := range in.From {
			choose(from, chosen)
		}
	}
}

// find returns the cells of a selection.
func (g *Graph) find(text string) ([]*Node, error) {
	stage, point, err := parseSelection(text)
	if err != nil {
		return nil, err
	}
	var names []string
	var nodes []*Node
	for _, n := range g.Nodes {
		if len(names) == 0 || names[len(names)-1] != n.Stage.Name { // the cells of a stage are neighbours
			names = append(names, n.Stage.Name)
		}
		if n.Stage.Name == stage {
			nodes = append(nodes, n)
		}
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("no stage %q%s", stage, spec.Suggestion(stage, names))
	}
	all := nodes
	for _, c := range point {
		if nodes, err = atCoordinate(all, nodes, stage, c); err != nil {
			return nil, err
		}
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("no cell of %q has these values together", stage)
	}
	return nodes, nil
}

// A coordinate is the text of an axis=value pair.
type coordinate struct{ axis, value string }

// atCoordinate returns the nodes that have the given value on an axis. all are the cells of the
// stage.
func atCoordinate(all, nodes []*Node, stage string, c coordinate) ([]*Node, error) {
	var axes []string
	for _, a := range all[0].Axes {
		axes = append(axes, a.Axis)
	}
	i := slices.Index(axes, c.axis)
	if i < 0 {
		return nil, fmt.Errorf("stage %q has no axis %q%s", stage, c.axis, spec.Suggestion(c.axis, axes))
	}
	var values []spec.Value
	seen := map[string]bool{} // equal values have the same text
	for _, n := range all {
		if v := n.Axes[i].Value; !seen[v.String()] {
			seen[v.String()] = true
			values = append(values, v)
		}
	}
	number, err := spec.ParseValue("value", c.value)
	is := func(v spec.Value) bool {
		return plainText(v) == c.value || v.String() == c.value || err == nil && v.Type != spec.String && v.Equal(number)
	}
	if !slices.ContainsFunc(values, is) {
		return nil, fmt.Errorf("axis %q of stage %q has no value %q; it has %s", c.axis, stage, c.value, valuesText(values))
	}
	return slices.DeleteFunc(slices.Clone(nodes), func(n *Node) bool { return !is(n.Axes[i].Value) }), nil
}

// parseSelection reads STAGE or STAGE[axis=value,...]. A value in quotes may contain any character.
func parseSelection(text string) (stage string, point []coordinate, err error) {
	text = strings.TrimSpace(text)
	stage, rest, hasAxes := strings.Cut(text, "[")
	if !hasAxes {
		return stage, nil, nil
	}
	rest, closed := strings.CutSuffix(rest, "]")
	if !closed {
		return "", nil, fmt.Errorf("a ] is missing at the end; write STAGE[axis=value,...]")
	}
	for _, part := range splitOutsideQuotes(rest) {
		axis, value, ok := strings.Cut(part, "=")
		if !ok {
			return "", nil, fmt.Errorf("%q is not axis=value; write STAGE[axis=value,...]", part)
		}
		point = append(point, coordinate{strings.TrimSpace(axis), strings.TrimSpace(value)})
	}
	return strings.TrimSpace(stage), point, nil
}

// splitOutsideQuotes splits a text at the commas outside quotes.
func splitOutsideQuotes(s string) []string {
	var q quotes
	var parts []string
	start := 0
	for i, r := range s {
		if q.outside(r) && r == ',' {
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// quotes scans a text rune by rune and tracks whether the position is inside double quotes. Inside
// quotes, a backslash escapes the next rune.
type quotes struct{ open, escaped bool }

// outside reports whether the next rune is outside quotes and is not a quote itself.
func (q *quotes) outside(r rune) bool {
	switch {
	case q.escaped:
		q.escaped = false
		return false
	case q.open && r == '\\':
		q.escaped = true
		return false
	case r == '"':
		q.open = !q.open
		return false
	}
	return !q.open
}

// Cell returns the one cell that a text names: STAGE, or STAGE[axis=value,...] with enough axes to
// identify it.
func (g *Graph) Cell(text string) (*Node, error) {
	nodes, err := g.find(text)
	if err != nil {
		return nil, fmt.Errorf("cell %q: %w", text, err)
	}
	if len(nodes) > 1 {
		return nil, fmt.Errorf("cell %q: %d cells match; name one, such as %s", text, len(nodes), nodes[0].ID)
	}
	return nodes[0], nil
}

// CutFile splits CELL/FILE. The file is empty if the text names only a cell.
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
