package spec

import (
	"path"
	"slices"
	"strings"
)

// maxExtends is the maximum length of a chain of files that extend each other.
const maxExtends = 20

// A loader reads a spec together with the specs that it extends.
type loader struct {
	*problems
	open  func(name string) ([]byte, error)
	chain []string // the files that are being read, each before the file that it extends
}

// load returns the tree of a file, merged over the tree of the file that it extends. ok is false if
// there is no usable tree.
//
// name is the name of the file for Options.Open, or "" for the file that was given to Parse.
func (l *loader) load(file, name string, src []byte) (v Value, ok bool) {
	text := strings.TrimPrefix(string(src), "\ufeff")
	l.sources[file] = splitLines(text)
	l.chain = append(l.chain, path.Clean(file))

	if v, ok = parseTree(l.problems, file, text); !ok {
		return v, false
	}
	i := slices.IndexFunc(v.Map, func(f Field) bool { return f.Name == "extend" })
	if i < 0 {
		return v, true
	}
	extend := v.Map[i].Value
	v.Map = slices.Delete(v.Map, i, i+1)
	if extend.Type == Null {
		return v, true
	}
	base, ok := l.base(file, name, extend)
	return merge(base, v), ok
}

// base loads the spec that `extend:` names.
func (l *loader) base(file, name string, extend Value) (Value, bool) {
	if extend.Type != String || extend.Str == "" {
		l.at(extend.Pos, "extend takes the path of a spec or the name of an experiment, not %s", describe(extend))
		return Value{}, false
	}
	base, baseName := beside(file, extend.Str), beside(name, extend.Str)
	if i := slices.Index(l.chain, path.Clean(base)); i >= 0 {
		cycle := append(slices.Clone(l.chain[i:]), base)
		l.at(extend.Pos, "specs extend each other in a cycle: %s", strings.Join(cycle, " -> "))
		return Value{}, false
	}
	if len(l.chain) > maxExtends {
		l.at(extend.Pos, "more than %d specs extend each other", maxExtends)
		return Value{}, false
	}
	if l.open == nil {
		l.at(extend.Pos, "extend %q: other specs cannot be read here", extend.Str)
		return Value{}, false
	}
	src, err := l.open(baseName)
	if err != nil {
		l.at(extend.Pos, "extend %q: %v", extend.Str, err)
		return Value{}, false
	}
	return l.load(base, baseName, src)
}

// beside resolves a path relative to the file that names it. The name of an embedded experiment is
// not a path and stays as it is.
func beside(file, name string) string {
	isPath := strings.Contains(name, "/") || path.Ext(name) != ""
	if !isPath || path.IsAbs(name) || file == "" {
		return name
	}
	return path.Join(path.Dir(file), name)
}

// merge merges one value over another: maps are merged field by field, other values are replaced,
// and null removes a field.
func merge(base, over Value) Value {
	if base.Type != Map || over.Type != Map {
		return over
	}
	fields := slices.Clone(base.Map)
	for _, f := range over.Map {
		i := slices.IndexFunc(fields, func(g Field) bool { return g.Name == f.Name })
		switch {
		case i < 0:
			fields = append(fields, f)
		case f.Value.Type == Null:
			fields = slices.Delete(fields, i, i+1)
		default:
			f.Value = merge(fields[i].Value, f.Value)
			fields[i] = f
		}
	}
	over.Map = fields
	return over
}
