package clean

import (
	"strings"
	"unicode/utf8"
)

// The longest text that a Tail returns.
const (
	tailLines = 12
	tailBytes = 2000
)

// A Tail keeps the last words of a program: the last lines of its output as Text returns it,
// without empty lines.
type Tail struct {
	screen screen
	lines  []string
}

func NewTail() *Tail {
	t := &Tail{}
	t.screen = screen{width: longestLine, emit: t.add}
	return t
}

func (t *Tail) Write(p []byte) (int, error) {
	t.screen.write(p, false)
	return len(p), nil
}

func (t *Tail) add(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	if len(t.lines) == tailLines {
		copy(t.lines, t.lines[1:])
		t.lines = t.lines[:tailLines-1]
	}
	t.lines = append(t.lines, line)
}

// Text ends the output and returns its last lines.
func (t *Tail) Text() string {
	t.screen.finish()
	size := 0
	for i := len(t.lines) - 1; i >= 0; i-- {
		if size += len(t.lines[i]) + 1; size <= tailBytes {
			continue
		}
		if i == len(t.lines)-1 {
			return ending(t.lines[i], tailBytes)
		}
		return strings.Join(t.lines[i+1:], "\n")
	}
	return strings.Join(t.lines, "\n")
}

// ending shortens a line at its beginning.
func ending(line string, size int) string {
	const dots = "…"
	from := len(line) - size + len(dots)
	for !utf8.RuneStart(line[from]) {
		from++
	}
	return dots + line[from:]
}
