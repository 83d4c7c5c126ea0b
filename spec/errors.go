package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// An Error is one mistake in a spec, with its position.
type Error struct {
	Pos  Pos
	Msg  string
	Line string // the source line at Pos; empty when unknown
}

// Error is the error on one line: file:line:column: message.
func (e *Error) Error() string {
	if !e.Pos.IsValid() {
		return e.Msg
	}
	return e.Pos.String() + ": " + e.Msg
}

// Errors are all mistakes in a spec.
type Errors []*Error

// Error shows every error with its source line.
func (es Errors) Error() string {
	var b strings.Builder
	for i, e := range es {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.Error())
		if s := e.snippet(); s != "" {
			b.WriteByte('\n')
			b.WriteString(s)
		}
	}
	return b.String()
}

// Unwrap lets errors.As find an *Error.
func (es Errors) Unwrap() []error {
	list := make([]error, len(es))
	for i, e := range es {
		list[i] = e
	}
	return list
}

// snippetWidth is the number of characters of a line that a snippet shows.
const snippetWidth = 100

// snippet is the source line, or the part around the column, with a caret below the column.
func (e *Error) snippet() string {
	if strings.TrimSpace(e.Line) == "" || e.Pos.Line == 0 {
		return ""
	}
	line := []rune(printable(e.Line))
	column := min(max(e.Pos.Column-1, 0), len(line))
	if first := column - snippetWidth*2/3; len(line) > snippetWidth && first > 0 {
		line, column = line[first:], column-first
		line[0] = '…'
	}
	if len(line) > snippetWidth {
		line = line[:snippetWidth]
		line[snippetWidth-1] = '…'
	}

	indent := make([]rune, column)
	for i := range indent {
		indent[i] = ' '
		if line[i] == '\t' {
			indent[i] = '\t' // as wide as the one above it
		}
	}
	return fmt.Sprintf("%5d | %s\n      | %s^", e.Pos.Line, string(line), string(indent))
}

// Report makes one error of the errors that were found in s after Parse: sorted, without
// repetitions, with source lines. It is nil if es is empty.
func (s *Spec) Report(es Errors) error {
	p := problems{list: es, sources: s.sources}
	return p.err()
}

// problems collects all errors, so that they are shown at once.
type problems struct {
	list    Errors
	sources sources
}

func (p *problems) at(pos Pos, format string, args ...any) {
	p.list = append(p.list, &Error{Pos: pos, Msg: printable(showInvisible(fmt.Sprintf(format, args...)))})
}

// printable removes control characters, so that the text of a spec cannot control the terminal. It
// keeps the columns of a line.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// err is nil, or Errors in the order of their positions.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	list := slices.Clone(p.list)
	slices.SortStableFunc(list, func(a, b *Error) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Msg, b.Msg),
		)
	})
	list = slices.CompactFunc(list, func(a, b *Error) bool {
		return a.Pos == b.Pos && a.Msg == b.Msg
	})
	for i, e := range list {
		if e.Line == "" {
			with := *e
			with.Line = p.sources.line(e.Pos)
			if with.Msg = printable(showInvisible(e.Msg)); with.Line != "" {
				p.sources.nameInvisible(&with)
			}
			list[i] = &with
		}
	}
	return Errors(list)
}

// A Pos is a place in a YAML file (or in a --set flag). Lines and columns count from 1.
type Pos struct {
	File   string
	Line   int
	Column int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	if strings.HasPrefix(p.File, setFlag) { // PATH=VALUE:1:6 would read like a value
		if p.Line > 1 {
			return fmt.Sprintf("%s, line %d, column %d", p.File, p.Line, p.Column)
		}
		return fmt.Sprintf("%s, column %d", p.File, p.Column)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// IsValid reports whether the position is known.
func (p Pos) IsValid() bool { return p.File != "" || p.Line != 0 }
