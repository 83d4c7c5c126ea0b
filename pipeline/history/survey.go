package history

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"foil/internal/digest"
)

// A survey finds those of many texts that differ from another one in the fewest
// lines, where that is fewer than two besides those that are new to all of them.
//
// A line that none of the texts has differs from each, whatever is in its place. So
// it is left out, with all that the texts have about the same, and neighbours are
// sought in the rest. Cells after a change mostly leave out the same.
type survey struct {
	texts [][]nthLine

	mu    sync.Mutex
	seen  map[nthLine]bool
	rests map[string]*neighbours // by what is left out
}

// manyRests are more than a change to an experiment needs. Each takes memory as
// the texts do.
const manyRests = 16

// An nthLine is a line, and how many of a text are about the same before it: that
// is 0 in all texts that foil writes.
type nthLine struct {
	digest.KeyLine
	nth int
}

// about is the line without its value.
func (l nthLine) about() nthLine {
	l.Value = ""
	return l
}

func nthLines(sorted digest.KeyLines) []nthLine {
	lines := make([]nthLine, len(sorted))
	for k, l := range sorted {
		lines[k].KeyLine = l
		if k > 0 && l.Compare(sorted[k-1]) == 0 {
			lines[k].nth = lines[k-1].nth + 1
		}
	}
	return lines
}

// add gives the next text the next number, from 0 on. All are added before one is
// sought.
func (s *survey) add(sorted digest.KeyLines) { s.texts = append(s.texts, nthLines(sorted)) }

// found are texts that differ from another one in as many lines. The first of each
// list is the one that was added first, and no text is in two of them.
type found struct {
	lists  []int32
	in     *neighbours
	differ int // with no lists: all texts differ in at least as many
}

// near returns all texts that differ in the fewest lines, as far as it finds them.
func (s *survey) near(sorted digest.KeyLines) found {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	lines := nthLines(sorted)
	var rest, unknown []nthLine
	for _, l := range lines {
		if s.seen[l] {
			rest = append(rest, l)
		} else {
			unknown = append(unknown, l.about())
		}
	}
	x := s.without(unknown)
	if x == nil {
		return found{differ: len(unknown)}
	}
	lists, differ := x.near(rest)
	return found{lists, x, len(unknown) + differ}
}

// look notes which lines there are.
func (s *survey) look() {
	if s.seen != nil {
		return
	}
	s.seen, s.rests = map[nthLine]bool{}, map[string]*neighbours{}
	for _, lines := range s.texts {
		for _, l := range lines {
			s.seen[l] = true
		}
	}
}

// without are the texts without what some lines are about; nil if there are too many
// such already.
func (s *survey) without(about []nthLine) *neighbours {
	var id strings.Builder
	for _, l := range about {
		fmt.Fprintf(&id, "%d %d %q\n", l.Part, l.nth, l.Name)
	}
	if x := s.rests[id.String()]; x != nil || len(s.rests) == manyRests {
		return x
	}
	out := make(map[nthLine]bool, len(about))
	for _, l := range about {
		out[l] = true
	}
	x := newNeighbours()
	for i, lines := range slices.Backward(s.texts) { // the first is to be first in each list
		x.add(int32(i), slices.DeleteFunc(slices.Clone(lines), func(l nthLine) bool { return out[l.about()] }))
	}
	s.rests[id.String()] = x
	return x
}

// first is the text of all lists that was added first; -1: there is none.
func (f found) first() int {
	first := -1
	for _, list := range f.lists {
		if i := int(f.in.links[list].text); first < 0 || i < first {
			first = i
		}
	}
	return first
}

// all yields the numbers of the texts.
func (f found) all(yield func(int) bool) {
	for _, list := range f.lists {
		for i := range f.in.texts(list) {
			if !yield(int(i)) {
				return
			}
		}
	}
}
