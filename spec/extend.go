package spec

import (
	"path"
	"slices"
	"strings"
)

// maxExtends bounds the chain of files that extend each other.
const maxExtends = 20

// A loader reads a spec together with the specs that it extends.
type loader struct {
	*problems
	open  func(name string) ([]byte, error)
	chain []string // the files that are being read, the extending ones first
}

// load returns the tree of a file, laid over that of the file it extends. It
// is not ok when there is no tree that would be worth looking into.
//
// The name is how Options.Open knows the file, "" for the one given to Parse.
func (l *loader) load(file, name string, src []byte) (v Value, ok bool) {
	text := strings.TrimPrefix(string(src), "\ufeff")
	l.sources[file] = splitLines(text)
	l.chain = append(l.chain, path.Clean(file))

	if v, ok = parseTree(l.problems, file, text, 0); !ok {
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

// base loads what `extend:` names.
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
		l.at(extend.Pos, "extend %q: no other spec can be read here", extend.Str)
		return Value{}, false
	}
	src, err := l.open(baseName)
	if err != nil {
		l.at(extend.Pos, "extend %q: %v", extend.Str, err)
		return Value{}, false
	}
	return l.load(base, baseName, src)
}

// beside finds a file that another one names. The name of an embedded
// experiment, which is no path, stands for itself.
func beside(file, name string) string {
	isPath := strings.Contains(name, "/") || path.Ext(name) != ""
	if !isPath || path.IsAbs(name) || file == "" {
		return name
	}
	return path.Join(path.Dir(file), name)
}

// merge lays one value over another: maps field by field, anything else
// replaces, and a null removes the field.
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
