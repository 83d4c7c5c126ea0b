package history

// neighbours is an index of many texts. It finds the texts that are equal to a given text or differ
// from it in one line, without reading the others. A text is a list of sorted lines.
//
// Two texts differ in one line if all lines before it and all lines after it are equal. So each
// text is linked to its places. A place is the run of lines before a line, the run after it, and
// the name of the line. Runs have numbers, and two runs have the same number only if they are
// equal. The index does not rely on hashes.
type neighbours struct {
	lines  map[nthLine]int32
	runs   map[run]int32
	places map[place]int32 // the first of its links
	links  []link
}

// A run is a shorter run and one more line, counted from the start or from the end of a text. The
// empty run has number 0; the others start at 1.
type run struct{ shorter, line int32 }

// A place in a text is between two runs. about is the number of the line without its value, or one
// of these:
type place struct{ before, behind, about int32 }

const (
	unseen  = -1 - iota // a line or run that no text contains
	noLine              // the place is between two lines
	anyLine             // any line
)

// A link is a text at a place, and the next link of the same place. The newest link is first.
type link struct{ text, next int32 }

func newNeighbours() *neighbours {
	return &neighbours{
		lines:  map[nthLine]int32{},
		runs:   map[run]int32{},
		places: map[place]int32{},
		links:  make([]link, 1), // number 0 ends a list
	}
}

// number returns the number of a key. If grow is set, a new key gets the next number.
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

// numberedText is a text of n lines: before[k] is the run of the first k lines, behind[k] the run
// of the last n-k lines counted from the end, and about[k] the number of line k without its value.
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

// add links a text to its places, under a number that the caller chose.
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

// near returns the texts that are equal to the given text, or else those that differ from it in one
// line, as lists without common texts. It also returns the number of different lines. Without
// lists, this number is 2: all texts differ in at least 2 lines.
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
		find(t.before[k], t.behind[k], anyLine) // the other text has one more line
		if k < len(lines) {
			find(t.before[k], t.behind[k+1], t.about[k]) // the other text has a different value
			find(t.before[k], t.behind[k+1], noLine)     // the other text lacks this line
		}
	}
	if lists != nil {
		return lists, 1
	}
	return nil, 2
}

// texts yields the numbers of the texts in a list, newest first.
func (x *neighbours) texts(list int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for ; list != 0 && yield(x.links[list].text); list = x.links[list].next {
		}
	}
}
