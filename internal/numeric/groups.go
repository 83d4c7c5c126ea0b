package numeric

import "slices"

// A Group is a number of results that were computed in the same way.
type Group struct {
	Signature *Signature `json:"signature"` // nil: not known
	Cells     int        `json:"cells"`
}

// Groups counts results by their signature, the most frequent first. It ignores facts that one kind
// of work depends on and another does not: a result that no matrix product went into belongs to
// any group that agrees in the rest.
func Groups(list []*Signature) []Group {
	var groups []Group
	for _, s := range mostDetailedFirst(list) {
		i := slices.IndexFunc(groups, func(g Group) bool { return agree(g.Signature, s) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, Group{Signature: s})
		}
		groups[i].Cells++
	}
	slices.SortStableFunc(groups, func(a, b Group) int { return b.Cells - a.Cells })
	return groups
}

func mostDetailedFirst(list []*Signature) []*Signature {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b *Signature) int { return b.detail() - a.detail() })
	return sorted
}

// detail is the number of known facts.
func (s *Signature) detail() (n int) {
	if s == nil {
		return 0
	}
	for _, f := range s.fields() {
		if f.value != "" {
			n++
		}
	}
	return n
}

// agree reports whether all facts that both have are the same. Threads are left out: they belong to
// a stage.
func agree(a, b *Signature) bool {
	if a == nil || b == nil {
		return a == b
	}
	fa, fb := a.withoutThreads().fields(), b.withoutThreads().fields()
	for i := range fa {
		if fa[i] != fb[i] && fa[i].value != "" && fb[i].value != "" {
			return false
		}
	}
	return true
}

func (s *Signature) withoutThreads() *Signature {
	if s.Engine == nil {
		return s
	}
	c, e := *s, *s.Engine
	e.Threads = 0
	c.Engine = &e
	return &c
}
