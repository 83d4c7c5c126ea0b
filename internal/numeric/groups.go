package numeric

import (
	"fmt"
	"slices"
	"strings"

	"foil/internal/words"
)

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
		best := -1
		for i, g := range groups {
			if agree(g.Signature, s) && (best < 0 || g.Cells > groups[best].Cells) {
				best = i
			}
		}
		if best < 0 {
			best = len(groups)
			groups = append(groups, Group{Signature: s})
		}
		groups[best].Cells++
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

// Mixed says what the results of several groups were computed with, or "" if all that is known is
// the same: "9 cells with AVX-512 in matrix products; 1 cell with AVX2 in matrix products".
func Mixed(groups []Group) string {
	known := 0
	list := make([]*Signature, len(groups))
	for i, g := range groups {
		if list[i] = g.Signature; g.Signature != nil {
			known++
		}
	}
	if known < 2 {
		return ""
	}
	texts := distinguish(list)
	for i, g := range groups {
		with := "with"
		if g.Signature == nil {
			with = "on"
		}
		texts[i] = fmt.Sprintf("%s %s %s", words.Count(g.Cells, "cell"), with, texts[i])
	}
	return fmt.Sprintf("made on %d kinds of processors or builds, so the last bits may differ: %s", known, strings.Join(texts, "; "))
}
