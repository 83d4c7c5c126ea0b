package clean

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

const (
	// height is the number of lines that a program can change by moving the cursor up.
	height = 50

	// farthest is the column that the cursor can be moved to beyond the end of a line.
	farthest = 400

	// mostMarks is the number of accents on one character.
	mostMarks = 8

	tabWidth = 8
)

// A screen is what a terminal shows of the output of a program. It keeps the last lines, which the
// program can still change, and passes on those above them.
//
// A program cannot remove lines by clearing the screen: then it goes on below them. Otherwise the
// reason of a failure could be lost.
type screen struct {
	emit  func(line string) // receives each line that cannot change any more
	width int               // longer lines are broken; 0: no limit

	rows        [][]cell
	row, column int
	wasInvalid  bool
	pending     []byte // the beginning of a token
	searched    int    // see scan
}

// A cell is one column of a line.
type cell struct {
	char  rune // 0: nothing was written here; covered: the right half of a wide character
	marks string
}

const covered = -1

// write shows the next part of a text. The end completes the last token.
func (s *screen) write(text []byte, end bool) {
	if len(s.pending) > 0 {
		s.pending = append(s.pending, text...)
		text = s.pending
	}
	for rest := text; ; {
		if len(rest) == 0 {
			s.pending = s.pending[:0]
			return
		}
		t, n := scan(rest, end, s.searched)
		if n == 0 {
			s.searched = len(rest)
			if len(s.pending) < len(text) || len(rest) < len(text) {
				s.pending = append(s.pending[:0], rest...)
			}
			return
		}
		s.searched = 0
		s.show(t)
		rest = rest[n:]
	}
}

// finish shows the end of a text, and passes on all lines.
func (s *screen) finish() {
	s.write(nil, true)
	for _, row := range s.rows {
		s.emit(lineOf(row))
	}
	s.rows, s.row, s.column = nil, 0, 0
}

func (s *screen) show(t token) {
	switch t.kind {
	case character:
		s.put(t.char)
	case invalid:
		if !s.wasInvalid {
			s.put(utf8.RuneError)
		}
	case newLine:
		s.newLine()
	case control:
		s.control(t.char)
	case csi:
		s.move(t)
	}
	s.wasInvalid = t.kind == invalid
}

func (s *screen) control(c rune) {
	switch c {
	case '\n', '\v', '\f':
		s.newLine()
	case '\r':
		s.column = 0
	case '\b':
		s.column = max(s.column-1, 0)
	case '\t':
		if row := s.current(); s.column == len(row) {
			s.put('\t')
		} else {
			s.column = min(s.column+tabWidth-s.column%tabWidth, max(len(row), farthest))
		}
	}
}

// move obeys a sequence that moves the cursor or erases text. Others change colours, for example,
// and are ignored.
func (s *screen) move(t token) {
	n := parameter(t.params)
	by := max(n, 1)
	switch t.final {
	case 'A', 'F':
		s.row = max(s.row-by, 0)
	case 'B', 'E':
		s.row = max(min(s.row+by, len(s.rows)-1), 0)
	case 'C':
		s.column = min(s.column+by, max(s.column, farthest))
	case 'D':
		s.column = max(s.column-by, 0)
	case 'G':
		s.column = min(by-1, max(len(s.current()), farthest))
	case 'K':
		s.eraseLine(n)
	case 'J':
		if n == 0 {
			s.eraseLine(0)
			for i := s.row + 1; i < len(s.rows); i++ {
				s.rows[i] = nil
			}
			return
		}
		s.bottom()
	case 'H', 'f':
		s.bottom()
	}
	if t.final == 'E' || t.final == 'F' {
		s.column = 0
	}
}

// parameter is the first number of a sequence, or 0.
func parameter(params []byte) int {
	digits, _, _ := strings.Cut(string(params), ";")
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// current is the line of the cursor.
func (s *screen) current() []cell {
	if len(s.rows) == 0 {
		s.rows = append(s.rows, nil)
	}
	return s.rows[s.row]
}

// newLine goes to the beginning of the next line. If there is none, it adds one and passes on the
// first line if there are too many.
func (s *screen) newLine() {
	s.current()
	s.row++
	s.column = 0
	if s.row < len(s.rows) {
		return
	}
	s.rows = append(s.rows, nil)
	if len(s.rows) > height {
		s.emit(lineOf(s.rows[0]))
		copy(s.rows, s.rows[1:])
		s.rows = s.rows[:height]
		s.row--
	}
}

// bottom goes to an empty line below all others.
func (s *screen) bottom() {
	s.current()
	s.row, s.column = len(s.rows)-1, 0
	if len(s.rows[s.row]) > 0 {
		s.newLine()
	}
}

// eraseLine erases the line from the cursor on (0), up to the cursor (1), or all of it (2).
func (s *screen) eraseLine(part int) {
	row := s.current()
	from, to := 0, len(row)
	if part == 0 {
		from = min(s.column, len(row))
	} else if part == 1 {
		to = min(s.column+1, len(row))
	}
	if to == len(row) {
		s.rows[s.row] = cut(row, from)
		return
	}
	for i := from; i < to; i++ {
		s.clear(i)
	}
}

// cut shortens a line. A wide character that is cut in the middle goes.
func cut(row []cell, length int) []cell {
	if length < len(row) && row[length].char == covered {
		row[length-1] = cell{}
	}
	return row[:length]
}

// clear removes the character in a column of the current line.
func (s *screen) clear(column int) {
	row := s.rows[s.row]
	if row[column].char == covered {
		row[column-1] = cell{}
	}
	if column+1 < len(row) && row[column+1].char == covered {
		row[column+1] = cell{}
	}
	row[column] = cell{}
}

// put writes a character at the cursor.
func (s *screen) put(r rune) {
	width := 1
	if r >= utf8.RuneSelf {
		if combines(r) && s.mark(r) {
			return
		}
		width = max(uniseg.StringWidth(string(r)), 1)
	}
	if s.width > 0 && s.column+width > s.width {
		s.newLine()
	}
	row := s.current()
	for len(row) < s.column+width {
		row = append(row, cell{})
	}
	s.rows[s.row] = row
	for i := range width {
		s.clear(s.column + i)
		row[s.column+i].char = covered
	}
	row[s.column].char = r
	s.column += width
}

// combines reports whether a character has no width of its own.
func combines(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me) || r == '\u200c' || r == '\u200d'
}

// mark adds an accent or a joiner to the character before the cursor, if there is one.
func (s *screen) mark(r rune) bool {
	row, i := s.current(), s.column-1
	if i > 0 && i < len(row) && row[i].char == covered {
		i--
	}
	if i < 0 || i >= len(row) || row[i].char == '\t' {
		return false
	}
	if row[i].char == 0 {
		row[i].char = ' '
	}
	if utf8.RuneCountInString(row[i].marks) < mostMarks {
		row[i].marks += string(r)
	}
	return true
}

// lineOf is the text of a line, without spaces at its end.
func lineOf(row []cell) string {
	var b strings.Builder
	for _, c := range row {
		switch c.char {
		case covered:
		case 0:
			b.WriteByte(' ')
		default:
			b.WriteRune(c.char)
			b.WriteString(c.marks)
		}
	}
	return strings.TrimRight(b.String(), " \t")
}
