package dataset

import (
	"bytes"
	"fmt"
)

// lines iterates over the lines of a file with fields between "::" or tabs, and tracks the
// position. Lines end in LF or CR LF; the last line may have no line end.
type lines struct {
	file      string
	layout    string // the fields of a line, for messages
	separator []byte // between fields
	rest      []byte
	line      []byte
	n         int
}

func newLines(file string, b []byte, layout string) *lines {
	return &lines{file: file, rest: b, layout: layout, separator: []byte("::")}
}

func newTabLines(file string, b []byte, layout string) *lines {
	return &lines{file: file, rest: b, layout: layout, separator: []byte("\t")}
}

// countLines is the number of lines of a file that does not end in an empty one.
func countLines(b []byte) int { return bytes.Count(b, []byte("\n")) + 1 }

func (l *lines) next() bool {
	if len(l.rest) == 0 {
		return false
	}
	l.n++
	i := bytes.IndexByte(l.rest, '\n')
	if i < 0 {
		l.line, l.rest = l.rest, nil
	} else {
		l.line, l.rest = l.rest[:i], l.rest[i+1:]
	}
	if n := len(l.line); n > 0 && l.line[n-1] == '\r' {
		l.line = l.line[:n-1]
	}
	return true
}

// fields splits the line.
func (l *lines) fields(want int) ([][]byte, error) {
	f := bytes.Split(l.line, l.separator)
	if len(f) != want {
		return nil, l.errorf("%d fields in %q; %d are needed: %s", len(f), clip(l.line), want, l.layout)
	}
	return f, nil
}

// number reads a field of decimal digits.
func (l *lines) number(what string, field []byte, low, high int) (int, error) {
	v, end := digits(field, 0)
	if end != len(field) || end == 0 {
		return 0, l.errorf("%s is %q; a number from %d to %d is needed", what, clip(field), low, high)
	}
	if int(v) < low || int(v) > high {
		return 0, l.errorf("%s is %s; a number from %d to %d is needed", what, field, low, high)
	}
	return int(v), nil
}

// once refuses an id of an earlier line.
func (l *lines) once(what string, id int, seen map[int]int) error {
	if first, ok := seen[id]; ok {
		return l.errorf("%s %d stands already on line %d", what, id, first)
	}
	seen[id] = l.n
	return nil
}

func (l *lines) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", l.file, l.n, fmt.Errorf(format, args...))
}

// digits reads at most ten decimal digits from b[i] on, and returns the index after them.
func digits(b []byte, i int) (v uint64, end int) {
	for end = i; end < len(b) && end-i < 10; end++ {
		c := b[end] - '0'
		if c > 9 {
			break
		}
		v = v*10 + uint64(c)
	}
	return v, end
}

// clip shortens and escapes the content of a file for messages.
func clip(b []byte) string {
	const most = 60
	if len(b) > most {
		return string(b[:most]) + "..."
	}
	return string(b)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
