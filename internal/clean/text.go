package clean

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// Text returns what a terminal shows of the output of a program, without spaces at the ends of
// lines.
func Text(output string) string {
	var lines []string
	s := screen{emit: func(line string) { lines = append(lines, line) }}
	s.write([]byte(output), true)
	s.finish()
	return strings.Join(lines, "\n")
}

// Message removes escapes from a text that contains foil's own words. Control characters in it are
// not obeyed, because a carriage return could overwrite these words. It keeps line ends and tabs.
func Message(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	wasInvalid := false
	for rest := []byte(text); len(rest) > 0; {
		t, n := scan(rest, true, 0)
		isBad := t.kind == invalid || t.kind == control && t.char != '\n' && t.char != '\t'
		switch {
		case t.kind == control && t.char == '\r' && n < len(rest) && rest[n] == '\n':
			isBad = false
		case t.kind == newLine:
			b.WriteByte('\n')
		case isBad && !wasInvalid:
			b.WriteRune(utf8.RuneError)
		case !isBad && (t.kind == character || t.kind == control):
			b.WriteRune(t.char)
		}
		wasInvalid = isBad
		rest = rest[n:]
	}
	return b.String()
}

// Line is Message on one line: spaces stand for line ends and tabs.
func Line(text string) string {
	return strings.TrimRight(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, Message(text)), " ")
}

// isPlain reports whether a text is ASCII without control characters other than newlines and tabs.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c >= 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// Parts passes on what is written to it, and cleans each part with one of Text, Line and Message. A
// part must not end within a character.
type Parts struct {
	To    io.Writer
	Clean func(string) string
}

func (p Parts) Write(part []byte) (int, error) {
	if _, err := io.WriteString(p.To, p.Clean(string(part))); err != nil {
		return 0, err
	}
	return len(part), nil
}

// longestLine is the number of columns after which lines are broken, so that the memory of a Writer
// or a Tail is limited.
const longestLine = 1 << 13

// A Writer passes on the output of a program as Text returns it, line by line. A program can change
// its last lines, so they are passed on later, at the latest by Close.
type Writer struct {
	to     io.Writer
	screen screen
	lines  bytes.Buffer
}

func NewWriter(to io.Writer) *Writer {
	w := &Writer{to: to}
	w.screen = screen{width: longestLine, emit: func(line string) { w.lines.WriteString(line + "\n") }}
	return w
}

func (w *Writer) Write(p []byte) (int, error) {
	w.screen.write(p, false)
	if err := w.pass(); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *Writer) pass() error {
	_, err := w.lines.WriteTo(w.to)
	return err
}

// Close passes on the remaining lines. It does not close the writer behind it.
func (w *Writer) Close() error {
	w.screen.write(nil, true)
	if n := len(w.screen.rows); n > 1 && len(w.screen.rows[n-1]) == 0 { // the text ends in a newline
		w.screen.rows = w.screen.rows[:n-1]
	}
	w.screen.finish()
	return w.pass()
}
