package spec

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const (
	// maxDepth is how deep lists and maps may be nested.
	maxDepth = 100

	// maxAliased limits the number of values that aliases expand to. Without it, nested aliases
	// could expand to more than the memory holds.
	maxAliased = 10_000
)

// A tree turns the nodes of yaml.v3 into Values. It works on nodes because the decoding of yaml.v3
// into structs loses positions and unknown keys.
type tree struct {
	*problems
	file   string
	lines  []string
	widths []int // of the lines, in characters
	shift  int   // columns before the first line, in --set PATH=
	depth  int

	noLoss bool // comments and anchors are errors, because they are lost

	open    map[*yaml.Node]bool // targets of the aliases that are being expanded
	alias   int                 // depth of the aliases that are being expanded
	copied  int                 // values made by aliases so far
	tooMany bool                // reported
}

// parseTree reads a text as one Value. It adds errors to p, under the name file. ok is false if
// there is no usable tree.
func parseTree(p *problems, file, text string) (v Value, ok bool) {
	return newTree(p, file, text, 0).parse(text)
}

func newTree(p *problems, file, text string, shift int) *tree {
	t := &tree{problems: p, file: file, lines: splitLines(text), shift: shift, open: map[*yaml.Node]bool{}}
	for _, line := range t.lines {
		t.widths = append(t.widths, utf8.RuneCountInString(line))
	}
	return t
}

func (t *tree) parse(text string) (v Value, ok bool) {
	if offset, problem := checkText([]byte(text)); problem != "" {
		before := splitLines(text[:offset])
		last := before[len(before)-1]
		t.at(t.place(len(before), utf8.RuneCountInString(last)+1), "%s", problem)
		return Value{}, false
	}
	n, err := readDocument(text)
	if err != nil {
		t.at(t.place(err.line, err.column), "%s%s", err.msg, nearSyntaxError(t, text, err.line))
		return Value{}, false
	}
	if t.noLoss {
		if lost := lostText(n, text); lost != "" {
			t.at(t.place(1, 1), "YAML reads %s; put the text in quotes", lost)
			return Value{}, false
		}
	}
	return t.value(n), true
}

// lostText describes the part of a text that is not in the scalars of its node, or is "".
func lostText(n *yaml.Node, text string) string {
	kept := 0
	var anchor string
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		kept += strings.Count(n.Value, "#")
		if n.Anchor != "" {
			anchor = n.Anchor
		}
		for _, e := range n.Content {
			visit(e)
		}
	}
	visit(n)
	switch {
	case anchor != "":
		return fmt.Sprintf("&%s as an anchor", anchor)
	case kept < strings.Count(text, "#"):
		return "the text behind a # as a comment"
	}
	return ""
}

// place is a position that is limited to the text.
func (t *tree) place(line, column int) Pos {
	line = min(max(line, 1), len(t.lines))
	column = min(max(column, 1), t.widths[line-1]+1)
	if line == 1 {
		column += t.shift
	}
	return Pos{File: t.file, Line: line, Column: column}
}

func (t *tree) pos(n *yaml.Node) Pos { return t.place(n.Line, n.Column) }

func (t *tree) value(n *yaml.Node) Value {
	v := Value{Pos: t.pos(n), Type: invalid}
	if t.alias > 0 {
		if t.copied++; t.copied > maxAliased {
			return v // reported at the alias
		}
	}
	if t.depth++; t.depth > maxDepth {
		t.at(v.Pos, "nested deeper than %d lists and maps", maxDepth)
		t.depth--
		return v
	}
	defer func() { t.depth-- }()

	switch tagged := n.Style&yaml.TaggedStyle != 0; {
	case n.Kind == yaml.AliasNode:
		return t.expand(n)
	case tagged && (n.Tag != "!!str" || n.Kind != yaml.ScalarNode):
		t.at(v.Pos, "the tag %s is not supported; leave it out", n.Tag)
	case n.Kind == yaml.SequenceNode:
		v.Type = List
		for _, e := range n.Content {
			v.List = append(v.List, t.value(e))
		}
	case n.Kind == yaml.MappingNode:
		v.Type = Map
		v.Map = t.fields(n)
	case tagged || isQuoted(n):
		v.Type = String
		v.Str = n.Value
	default:
		scalar, err := plainScalar(n.Value)
		if err != nil {
			t.at(v.Pos, "%v", err)
			return v
		}
		scalar.Pos = v.Pos
		return scalar
	}
	return v
}

func isQuoted(n *yaml.Node) bool {
	return n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// expand returns the value of an alias, with the positions of its anchor.
func (t *tree) expand(n *yaml.Node) Value {
	failed := Value{Pos: t.pos(n), Type: invalid}
	if t.open[n.Alias] {
		t.at(failed.Pos, "*%s is inside the value that it refers to", n.Value)
		return failed
	}
	t.open[n.Alias] = true
	t.alias++
	v := t.value(n.Alias)
	t.alias--
	delete(t.open, n.Alias)
	if t.alias == 0 && t.copied > maxAliased {
		if !t.tooMany {
			t.at(failed.Pos, "the aliases up to here expand to more than %d values", maxAliased)
		}
		t.tooMany = true
		return failed
	}
	return v
}

// fields reads a map. A field of the map has priority over a field from <<, and the first << has
// priority over later ones.
func (t *tree) fields(n *yaml.Node) []Field {
	var fields, merged []Field
	first := map[string]Pos{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if isMerge(key) {
			merged = append(merged, t.merge(value)...)
			continue
		}
		f := Field{NamePos: t.pos(key), Value: t.value(value)}
		if f.Value.Type == Null && value.Value == "" {
			f.Value.Pos = f.NamePos // yaml.v3 sets the position of the next token
		}
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			t.at(f.NamePos, "the name of a field must be text, not a list or a map")
			continue
		}
		f.Name = key.Value
		if pos, ok := first[f.Name]; ok {
			t.at(f.NamePos, "%q is given twice; first at %v", f.Name, pos)
			continue
		}
		first[f.Name] = f.NamePos
		fields = append(fields, f)
	}
	for _, f := range merged {
		if _, ok := first[f.Name]; !ok {
			first[f.Name] = f.NamePos
			fields = append(fields, f)
		}
	}
	return fields
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && !isQuoted(key) && key.Style&yaml.TaggedStyle == 0
}

// merge returns the fields of <<, which is a map or a list of maps.
func (t *tree) merge(n *yaml.Node) []Field {
	v := t.value(n)
	maps := v.List
	if v.Type != List {
		maps = []Value{v}
	}
	var fields []Field
	for _, m := range maps {
		if m.Type != Map && m.Type != invalid {
			t.at(t.pos(n), "<< takes a map or a list of maps, not %s", describe(m))
		}
		fields = append(fields, m.Map...)
	}
	return fields
}
