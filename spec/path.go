package spec

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A step is one step of a path such as stages.model.with.adversaries[0].lambda: a name, or an index
// into a list.
type step struct {
	name   string
	index  int // if name is empty
	offset int // position in the path, in bytes
}

func (s step) isIndex() bool { return s.name == "" }

// parsePath reads a path. The offset is the position of an error.
func parsePath(path string) (steps []step, offset int, err error) {
	for i := 0; ; {
		start := i
		if i = strings.IndexFunc(path[start:], endsName) + start; i < start {
			i = len(path)
		}
		if start == i {
			return nil, i, fmt.Errorf("a name is missing in the path %q", path)
		}
		steps = append(steps, step{name: path[start:i], offset: start})
		for i < len(path) && path[i] == '[' {
			end := strings.IndexByte(path[i:], ']')
			if end < 0 {
				return nil, i, fmt.Errorf("this [ is not closed in the path %q", path)
			}
			index, err := strconv.ParseUint(path[i+1:i+end], 10, 31)
			if err != nil {
				return nil, i + 1, fmt.Errorf("%q is not an index; the first element is [0]", path[i+1:i+end])
			}
			steps = append(steps, step{index: int(index), offset: i})
			i += end + 1
		}
		switch {
		case i == len(path):
			return steps, 0, nil
		case path[i] != '.':
			r, _ := utf8.DecodeRuneInString(path[i:])
			return nil, i, fmt.Errorf("unexpected %q in the path %q", r, path)
		}
		i++
	}
}

// endsName reports whether a character cannot be part of a name in a path.
func endsName(r rune) bool {
	return strings.ContainsRune(".[]{}$=\"'", r) || unicode.IsSpace(r)
}

func formatPath(steps []step) string {
	var b strings.Builder
	for i, s := range steps {
		switch {
		case s.isIndex():
			fmt.Fprintf(&b, "[%d]", s.index)
		case i > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}

// follow returns the value at a step. The error names the nearest field.
func (v Value) follow(s step, called string) (Value, error) {
	switch {
	case s.isIndex() && v.Type != List:
		return Value{}, fmt.Errorf("%s is %s, so it has no [%d]", called, describe(v), s.index)
	case s.isIndex() && s.index >= len(v.List):
		return Value{}, fmt.Errorf("%s has no [%d]; %s", called, s.index, indices(len(v.List)))
	case s.isIndex():
		return v.List[s.index], nil
	case v.Type != Map:
		return Value{}, fmt.Errorf("%s is %s, so it has no field %q", called, describe(v), s.name)
	}
	f, ok := v.Get(s.name)
	if !ok {
		return Value{}, fmt.Errorf("%s has no field %q%s", called, s.name, Suggestion(s.name, v.names()))
	}
	return f, nil
}

func indices(n int) string {
	switch n {
	case 0:
		return "the list is empty"
	case 1:
		return "there is only [0]"
	}
	return fmt.Sprintf("the last is [%d]", n-1)
}

// At is the position of the value at a path such as "columns[1].from", or of the last existing
// value on this path.
func (v Value) At(path string) Pos {
	steps, _, err := parsePath(path)
	if err != nil {
		return v.Pos
	}
	for _, s := range steps {
		next, err := v.follow(s, "")
		if err != nil {
			break
		}
		v = next
	}
	return v.Pos
}
