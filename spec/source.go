package spec

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// maxSource is the maximum size of a spec.
const maxSource = 1 << 20

// sources holds the lines of all source texts, by Pos.File.
type sources map[string][]string

// line returns the line at pos, or "" if it is not known.
func (s sources) line(pos Pos) string {
	lines := s[pos.File]
	if pos.Line < 1 || pos.Line > len(lines) {
		return ""
	}
	return lines[pos.Line-1]
}

// find returns the position of text at or after pos: the position of an expression in a scalar that
// begins at pos. It returns pos if the text is not found, for example because of escapes in a
// quoted scalar.
func (s sources) find(pos Pos, text string) Pos {
	const maxLines = 50 // of a folded or literal scalar
	lines := s[pos.File]
	for n := pos.Line; n >= 1 && n <= len(lines) && n < pos.Line+maxLines; n++ {
		line, skipped := lines[n-1], 0
		if n == pos.Line {
			line, skipped = afterColumn(line, pos.Column)
		}
		if i := strings.Index(line, text); i >= 0 {
			return Pos{File: pos.File, Line: n, Column: skipped + utf8.RuneCountInString(line[:i]) + 1}
		}
	}
	return pos
}

// afterColumn cuts off the text before a column, and returns its number of characters.
func afterColumn(line string, column int) (string, int) {
	n := 0
	for i := range line {
		if n == column-1 {
			return line[i:], n
		}
		n++
	}
	return "", n
}

// splitLines splits a text at the line ends of YAML.
func splitLines(text string) []string {
	var lines []string
	for {
		line, end, rest := cutLine(text)
		lines = append(lines, line)
		if end == "" {
			return lines
		}
		text = rest
	}
}

// cutLine splits a text into its first line, the characters that end it, and the rest.
func cutLine(text string) (line, end, rest string) {
	i := strings.IndexFunc(text, isBreak)
	if i < 0 {
		return text, "", ""
	}
	_, size := utf8.DecodeRuneInString(text[i:])
	if strings.HasPrefix(text[i:], "\r\n") {
		size = 2
	}
	return text[:i], text[i : i+size], text[i+size:]
}

func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// checkText returns why the bytes of a file are not text, and the offset of the first such byte. It
// returns "" for text.
func checkText(src []byte) (offset int, problem string) {
	if len(src) > maxSource {
		return 0, "larger than 1 MiB: this is not a spec"
	}
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
				return i, "UTF-16 text; save it as UTF-8"
			}
			return i, "not UTF-8 text"
		case r == '\ufeff':
			return i, describeInvisible(r) + " inside the text; remove it"
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f, r > 0x7f && r < 0xa0 && r != 0x85,
			r == '\ufffe', r == '\uffff':
			return i, "control character in the text"
		}
		i += size
	}
	return 0, ""
}
