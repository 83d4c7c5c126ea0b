package spec

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// setFlag begins Pos.File of what is on the command line.
const setFlag = "--set "

// applySet applies --set PATH=VALUE to a tree. A null removes the field, which restores the
// default. A new field is allowed only where users choose the names, or where the language has an
// optional field of this name. Elsewhere a new name is a mistake.
func applySet(p *problems, root *Value, set string) {
	s := &setter{problems: p}
	s.file, _, _ = cutLine(setFlag + set)
	p.sources[s.file] = splitLines(set)

	path, text, found := strings.Cut(set, "=")
	s.text = path
	if offset, problem := checkText([]byte(path)); problem != "" {
		s.at(s.pos(offset), "%s", problem)
		return
	}
	if !found {
		s.at(s.pos(len(path)), "= is missing; write PATH=VALUE, such as seed=7")
		return
	}
	steps, offset, err := parsePath(path)
	if err != nil {
		s.at(s.pos(offset), "%v", err)
		return
	}
	if strings.TrimSpace(text) == "" {
		s.at(s.pos(len(path)), "a value is missing after the =; null removes %s, and '' is an empty text", path)
		return
	}
	value, ok := parseSetValue(p, s.file, text, utf8.RuneCountInString(path)+1)
	if !ok {
		return
	}
	if path == "extend" {
		s.at(s.pos(0), "extend cannot be set here; change it in the file")
		return
	}
	s.steps = steps
	s.apply(root, 0, value)
}

// parseSetValue reads the value of a --set. Lists, maps and texts in quotes are YAML. Anything else
// is a number, true, false, null or a text, which may contain any character: a command line has no
// comments, anchors or blocks.
func parseSetValue(p *problems, file, text string, shift int) (Value, bool) {
	bare := strings.TrimSpace(text)
	if strings.ContainsRune("[{\"'", rune(bare[0])) {
		t := newTree(p, file, text, shift)
		t.noLoss = true
		return t.parse(text)
	}
	t := newTree(p, file, text, shift)
	pos := t.place(1, 1)
	if _, problem := checkText([]byte(text)); problem != "" {
		p.at(pos, "%s", problem)
		return Value{}, false
	}
	v, err := plainScalar(bare)
	if err != nil {
		p.at(pos, "%v", err)
		return Value{}, false
	}
	if v.Type == String {
		v.Str = text
	}
	v.Pos = pos
	return v, true
}

type setter struct {
	*problems
	file  string
	text  string // the path, as written
	steps []step
}

func (s *setter) pos(offset int) Pos {
	lines := splitLines(s.text[:min(offset, len(s.text))])
	return Pos{File: s.file, Line: len(lines), Column: utf8.RuneCountInString(lines[len(lines)-1]) + 1}
}

// apply puts the value where steps[i:] lead from v.
func (s *setter) apply(v *Value, i int, value Value) {
	if i == len(s.steps) {
		*v = value
		return
	}
	step, pos := s.steps[i], s.pos(s.steps[i].offset)
	here := formatPath(s.steps[:i])
	if i == 0 {
		here = "the spec"
	}
	names, free := newFields(s.steps[:i])
	if v.Type == Null && !step.isIndex() && (free || names != nil) {
		*v = Value{Pos: pos, Type: Map} // as in `with:` without a value
	}
	field := slices.IndexFunc(v.Map, func(f Field) bool { return !step.isIndex() && f.Name == step.name })
	remove := i == len(s.steps)-1 && value.Type == Null

	switch {
	case v.Type == invalid:
	case v.Type == Map && field >= 0 && remove:
		v.Map = slices.Delete(v.Map, field, field+1)
	case v.Type == Map && field >= 0:
		if i == len(s.steps)-1 {
			v.Map[field].NamePos = pos
		}
		s.apply(&v.Map[field].Value, i+1, value)
	case v.Type == Map && !step.isIndex() && !remove && (free || slices.Contains(names, step.name)):
		v.Map = append(v.Map, Field{Name: step.name, NamePos: pos, Value: Value{Pos: pos}})
		s.apply(&v.Map[len(v.Map)-1].Value, i+1, value)
	case v.Type == Map && !step.isIndex():
		valid := v.names()
		for _, n := range names {
			if !remove && !slices.Contains(valid, n) {
				valid = append(valid, n)
			}
		}
		s.at(pos, "%s has no field %q%s", here, step.name, Suggestion(step.name, valid))
	default:
		if _, err := v.follow(step, here); err != nil {
			s.at(pos, "%v", err)
			return
		}
		s.apply(&v.List[step.index], i+1, value)
	}
}

// newFields returns the fields that may be added to the map at a path, or reports that any field
// may be added.
func newFields(path []step) (names []string, free bool) {
	switch {
	case len(path) == 0:
		return slices.DeleteFunc(slices.Clone(specFields), func(n string) bool { return n == "extend" }), false
	case len(path) == 1 && path[0].name == "vars":
		return nil, false // a new field would have no effect: it is a typing error
	case path[0].name == "vars":
		return nil, true
	case path[0].name != "stages":
		return nil, false
	case len(path) == 2:
		return stageFields, false
	case len(path) > 2 && path[2].name == "with":
		return nil, true
	case len(path) > 2 && path[2].name == "matrix":
		return nil, true
	}
	return nil, false
}
