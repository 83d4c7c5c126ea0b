package history

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"foil/internal/digest"
)

// A survey is an index of many texts. It finds the texts that differ from a given text in the
// fewest lines, if at most one line differs apart from lines that no text of the survey contains.
//
// A line that no text contains is a difference to every text. So the search leaves this line out,
// and also the lines of the texts with the same part and name, and looks for neighbours in the
// rest. After a change to an experiment, most cells leave out the same lines.
type survey struct {
	texts [][]nthLine

	mu    sync.Mutex
	seen  map[nthLine]bool
	rests map[string]*neighbours // by the lines that are left out
}

// manyRests is more than one change to an experiment needs. Each rest takes as much memory as the
// texts.
const manyRests = 16

// An nthLine is a line, and the number of earlier lines with the same part and name in its text.
// This number is 0 in all texts that foil writes.
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

// add gives the next text the next number, from 0 on. All texts must be added before the first
// search.
func (s *survey) add(sorted digest.KeyLines) { s.texts = append(s.texts, nthLines(sorted)) }

// found are texts that differ from the given text in the same number of lines. Each list starts
// with the text that was added first, and no text is in two lists.
type found struct {
	lists  []int32
	in     *neighbours
	differ int // without lists: all texts differ in at least this number of lines
}

// near returns the texts that differ in the fewest lines, if it finds any.
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

// look collects the lines of all texts.
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

// without returns an index of the texts without the lines of some names, or nil if there are too
// many such indexes already.
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
	for i, lines := range slices.Backward(s.texts) { // so that the first text comes first in each list
		x.add(int32(i), slices.DeleteFunc(slices.Clone(lines), func(l nthLine) bool { return out[l.about()] }))
	}
	s.rests[id.String()] = x
	return x
}

// first is the text in all lists that was added first, or -1 if there is none.
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
