package history

// neighbours finds those of many texts that are equal to another one or differ
// from it in a single line, without a look at the rest. Texts are sorted lines.
//
// Two texts differ in one line if they agree in all lines before it and in all
// behind it. So each text is linked to its places: what is before, what is behind,
// and what the line between is about. Runs of lines have numbers, such that equal
// runs have equal numbers and only these; nothing is left to hashes.
type neighbours struct {
	lines  map[nthLine]int32
	runs   map[run]int32
	places map[place]int32 // the first of its links
	links  []link
}

// A run is a shorter one and the next line, from the start of a text on or from its
// end. The one of no lines is number 0; others begin with 1.
type run struct{ shorter, line int32 }

// A place in a text is between two runs. About is the number of the line there with
// no value, or one of these:
type place struct{ before, behind, about int32 }

const (
	unseen  = -1 - iota // a line or run that is in none of the texts
	noLine              // the place is between two lines
	anyLine             // whatever the line there is about
)

// A link is a text at a place, and the next link of the same place. What was added
// last is first.
type link struct{ text, next int32 }

func newNeighbours() *neighbours {
	return &neighbours{
		lines:  map[nthLine]int32{},
		runs:   map[run]int32{},
		places: map[place]int32{},
		links:  make([]link, 1), // number 0 ends a list
	}
}

// number is that of a key; a new one gets the next if it may grow the map.
func number[K comparable](m map[K]int32, key K, grow bool) int32 {
	n, ok := m[key]
	switch {
	case ok:
		return n
	case !grow:
		return unseen
	}
	n = int32(len(m) + 1)
	m[key] = n
	return n
}

// numberedText is a text of n lines: before[k] is the run of the first k, behind[k]
// that of the last n-k from the end on, and about[k] what line k is about.
type numberedText struct{ before, behind, about []int32 }

func (x *neighbours) text(lines []nthLine, grow bool) numberedText {
	n := len(lines)
	t := numberedText{make([]int32, n+1), make([]int32, n+1), make([]int32, n)}
	own := make([]int32, n)
	for k, l := range lines {
		own[k] = number(x.lines, l, grow)
		t.about[k] = number(x.lines, l.about(), grow)
		t.before[k+1] = number(x.runs, run{t.before[k], own[k]}, grow)
	}
	for k := n - 1; k >= 0; k-- {
		t.behind[k] = number(x.runs, run{t.behind[k+1], own[k]}, grow)
	}
	return t
}

// add links a text to its places, under a number of the caller's.
func (x *neighbours) add(text int32, lines []nthLine) {
	t := x.text(lines, true)
	for k := range t.before {
		x.link(text, place{t.before[k], t.behind[k], noLine})
		if k < len(lines) {
			x.link(text, place{t.before[k], t.behind[k+1], t.about[k]})
			x.link(text, place{t.before[k], t.behind[k+1], anyLine})
		}
	}
}

func (x *neighbours) link(text int32, at place) {
	x.links = append(x.links, link{text, x.places[at]})
	x.places[at] = int32(len(x.links) - 1)
}

// near returns the texts that are equal to another one, if there are any, or else
// those that differ in one line, as lists that have no text in common; and that
// number of lines. With no lists it is 2, and that is the least possible.
func (x *neighbours) near(lines []nthLine) (lists []int32, differ int) {
	t := x.text(lines, false)
	find := func(before, behind, about int32) {
		if first := x.places[place{before, behind, about}]; first != 0 {
			lists = append(lists, first)
		}
	}
	find(t.before[len(lines)], 0, noLine)
	if lists != nil {
		return lists, 0
	}
	for k := range t.before {
		find(t.before[k], t.behind[k], anyLine) // it has one more
		if k < len(lines) {
			find(t.before[k], t.behind[k+1], t.about[k]) // it has another value
			find(t.before[k], t.behind[k+1], noLine)     // it has none
		}
	}
	if lists != nil {
		return lists, 1
	}
	return nil, 2
}

// texts yields the numbers of a list's texts, that of the last added first.
func (x *neighbours) texts(list int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for ; list != 0 && yield(x.links[list].text); list = x.links[list].next {
		}
	}
}
