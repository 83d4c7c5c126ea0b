package graph

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"foil/spec"
)

// An axis is an axis of a stage, either its own or inherited.
type axis struct {
	name   string
	pos    spec.Pos
	values []spec.Value // in the order of the stage that defines the axis

	settings map[string]spec.Value // what a value stands for, by its canonical text; nil: the value itself
}

func newAxis(a spec.Axis) axis {
	x := axis{name: a.Name, pos: a.Pos, values: a.Values}
	for i, v := range a.Settings {
		if x.settings == nil {
			x.settings = map[string]spec.Value{}
		}
		x.settings[a.Values[i].Canonical()] = v
	}
	return x
}

// setting is what ${matrix.AXIS} stands for in a cell with this value.
func (a axis) setting(v spec.Value) spec.Value {
	if a.settings == nil {
		return v
	}
	if s, ok := a.settings[v.Canonical()]; ok {
		return s
	}
	return v
}

// An origin is the place where an axis of a stage was defined or inherited.
type origin struct {
	axis
	need *spec.Need // nil for an own axis
}

func (o origin) String() string {
	if o.need == nil {
		return fmt.Sprintf("%q of the stage's own matrix", o.name)
	}
	return fmt.Sprintf("%q of %q (through the need %q)", o.name, o.need.Stage, o.need.Name)
}

// checkAxes reports axes that a stage gets more than once, and pairs of axes that were probably
// meant to be one axis.
func (b *builder) checkAxes(s *stageCells) {
	var all []origin
	for _, n := range sortedNeeds(s.stage.Needs) {
		for _, a := range b.stages[n.Stage].axes {
			all = append(all, origin{axis: a, need: &n})
		}
	}
	for _, a := range s.stage.Matrix {
		all = append(all, origin{axis: newAxis(a)})
	}
	for i, second := range all {
		for _, first := range all[:i] {
			b.checkPair(all, first, second)
		}
	}
}

func (b *builder) checkPair(all []origin, first, second origin) {
	pos := second.pos
	if second.need != nil {
		pos = second.need.StagePos
	}
	switch same := first.name == second.name; {
	case same && second.need == nil && first.need != nil:
		b.at(pos, "axis %q is inherited already, from %q (through the need %q); leave it out or give it another name", second.name, first.need.Stage, first.need.Name)
	case same:
		if v, w, ok := alikeValues(first.values, second.values); ok {
			b.at(pos, "axis %s has the value %s (%s) and axis %s has %s (%s); give both the same type, or the axes different names",
				first, v, typeName(v), second, w, typeName(w))
		}
		if v, ok := otherSetting(first.axis, second.axis); ok {
			b.at(pos, "axis %s and axis %s both have a value %s, with different settings; give the axes or the values different names, or define both by one var",
				first, second, v)
		}
	case b.together(all, first, second):
	case alikeNames(first, second):
		b.at(pos, "axis %s and axis %s look like one axis spelled in two ways; give both the same name, or names that differ more", first, second)
	case singular(bare(first.name)) == singular(bare(second.name)):
		b.note(pos, "axis %s and axis %s are two axes, whose names differ only in the plural", first, second)
	}
}

// otherSetting returns a value that stands for different settings on two axes.
func otherSetting(a, b axis) (spec.Value, bool) {
	inB := byText(b.values, spec.Value.Canonical)
	for _, v := range a.values {
		for _, w := range inB[v.Canonical()] {
			if !a.setting(v).Equal(b.setting(w)) {
				return v, true
			}
		}
	}
	return spec.Value{}, false
}

// together reports whether one need brings both axes. Then the two axes were already checked at
// that stage.
func (b *builder) together(all []origin, first, second origin) bool {
	from := func(n *spec.Need, name string) bool {
		return slices.ContainsFunc(all, func(o origin) bool { return o.need == n && o.name == name })
	}
	return first.need != nil && from(first.need, second.name) || second.need != nil && from(second.need, first.name)
}

// alikeNames reports whether two names differ only in case or dashes, or whether they differ in one
// letter and have the same values.
func alikeNames(a, b origin) bool {
	if bare(a.name) == bare(b.name) {
		return true
	}
	const long = 4 // shorter names such as x and y always differ in few letters
	return min(len(a.name), len(b.name)) >= long && oneLetterApart(a.name, b.name) && sameValues(a.values, b.values)
}

func bare(name string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
}

func singular(name string) string {
	if stem, ok := strings.CutSuffix(name, "ies"); ok {
		return stem + "y"
	}
	return strings.TrimSuffix(name, "s")
}

// oneLetterApart reports whether the names differ by one letter that was changed, added, or swapped
// with its neighbour. A different digit is not a typing error: layer1 and layer2 are two names.
func oneLetterApart(a, b string) bool {
	s, t := []rune(a), []rune(b)
	if len(s) > len(t) {
		s, t = t, s
	}
	i := 0
	for i < len(s) && s[i] == t[i] {
		i++
	}
	s, t = s[i:], t[i:]
	j := 0
	for j < len(s) && s[len(s)-1-j] == t[len(t)-1-j] {
		j++
	}
	s, t = s[:len(s)-j], t[:len(t)-j]
	for _, r := range append(slices.Clone(s), t...) {
		if unicode.IsDigit(r) {
			return false
		}
	}
	return len(t) == 1 || len(s) == 2 && len(t) == 2 && s[0] == t[1] && s[1] == t[0]
}

func sameValues(a, b []spec.Value) bool {
	inB := byText(b, spec.Value.Canonical)
	missing := func(v spec.Value) bool { return inB[v.Canonical()] == nil }
	return len(a) == len(b) && !slices.ContainsFunc(a, missing)
}

// alikeValues finds two different values with the same text, such as 1 and "1".
func alikeValues(a, b []spec.Value) (v, w spec.Value, ok bool) {
	inB := byText(b, plainText)
	for _, v := range a {
		for _, w := range inB[plainText(v)] {
			if !v.Equal(w) {
				return v, w, true
			}
		}
	}
	return v, w, false
}

// byText sorts values by their text. An axis may have thousands of values, too many for a
// comparison of all pairs.
func byText(values []spec.Value, text func(spec.Value) string) map[string][]spec.Value {
	m := make(map[string][]spec.Value, len(values))
	for _, v := range values {
		t := text(v)
		m[t] = append(m[t], v)
	}
	return m
}

// plainText is the text of a value without quotes.
func plainText(v spec.Value) string {
	if v.Type == spec.String {
		return v.Str
	}
	return v.String()
}

func typeName(v spec.Value) string {
	switch v.Type {
	case spec.String:
		return "a text"
	case spec.Bool:
		return "true or false"
	}
	return "a number"
}
