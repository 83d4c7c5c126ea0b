package spec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// invisibleNames are the names of characters that look like a space or like nothing. Editors, web
// pages and chat programs insert some of them. Unicode's other format characters and spaces count,
// too.
var invisibleNames = map[rune]string{
	0x00a0: "NO-BREAK SPACE", 0x00ad: "SOFT HYPHEN", 0x034f: "COMBINING GRAPHEME JOINER", 0x061c: "ARABIC LETTER MARK",
	0x115f: "HANGUL CHOSEONG FILLER", 0x1160: "HANGUL JUNGSEONG FILLER", 0x1680: "OGHAM SPACE MARK", 0x180e: "MONGOLIAN VOWEL SEPARATOR",
	0x2000: "EN QUAD", 0x2001: "EM QUAD", 0x2002: "EN SPACE", 0x2003: "EM SPACE", 0x2004: "THREE-PER-EM SPACE",
	0x2005: "FOUR-PER-EM SPACE", 0x2006: "SIX-PER-EM SPACE", 0x2007: "FIGURE SPACE", 0x2008: "PUNCTUATION SPACE",
	0x2009: "THIN SPACE", 0x200a: "HAIR SPACE", 0x200b: "ZERO WIDTH SPACE", 0x200c: "ZERO WIDTH NON-JOINER",
	0x200d: "ZERO WIDTH JOINER", 0x200e: "LEFT-TO-RIGHT MARK", 0x200f: "RIGHT-TO-LEFT MARK", 0x2028: "LINE SEPARATOR",
	0x2029: "PARAGRAPH SEPARATOR", 0x202a: "LEFT-TO-RIGHT EMBEDDING", 0x202b: "RIGHT-TO-LEFT EMBEDDING",
	0x202c: "POP DIRECTIONAL FORMATTING", 0x202d: "LEFT-TO-RIGHT OVERRIDE", 0x202e: "RIGHT-TO-LEFT OVERRIDE",
	0x202f: "NARROW NO-BREAK SPACE", 0x205f: "MEDIUM MATHEMATICAL SPACE", 0x2060: "WORD JOINER",
	0x2066: "LEFT-TO-RIGHT ISOLATE", 0x2067: "RIGHT-TO-LEFT ISOLATE", 0x2068: "FIRST STRONG ISOLATE", 0x2069: "POP DIRECTIONAL ISOLATE",
	0x2800: "BRAILLE PATTERN BLANK", 0x3000: "IDEOGRAPHIC SPACE", 0x3164: "HANGUL FILLER", 0xfeff: "BYTE ORDER MARK", 0xffa0: "HALFWIDTH HANGUL FILLER",
}

// isInvisible reports whether readers cannot see a character, or take it for a space.
func isInvisible(r rune) bool {
	return r >= utf8.RuneSelf && (invisibleNames[r] != "" || unicode.In(r, unicode.Cf, unicode.Zs, unicode.Variation_Selector) ||
		r == 0x85)
}

// describeInvisible is "U+00A0 NO-BREAK SPACE".
func describeInvisible(r rune) string {
	name := invisibleNames[r]
	switch {
	case name != "":
	case r == 0x85:
		name = "NEXT LINE"
	case unicode.Is(unicode.Variation_Selector, r):
		name = "VARIATION SELECTOR"
	default:
		name = "an invisible character"
	}
	return fmt.Sprintf("%U %s", r, name)
}

// NameInvisible returns the end of an error about a name that is not known: the first invisible
// character in it. It returns "" if there is none.
func NameInvisible(name string) string {
	i := strings.IndexFunc(name, isInvisible)
	if i < 0 {
		return ""
	}
	r, _ := utf8.DecodeRuneInString(name[i:])
	return "; it contains " + describeInvisible(r)
}

// showInvisible writes invisible characters as in a text in double quotes, so that errors show them.
func showInvisible(text string) string {
	if strings.IndexFunc(text, isInvisible) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if isInvisible(r) {
			quoted := strconv.QuoteToASCII(string(r))
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

var (
	// quotedText matches a name or a value in a message, as strconv.Quote writes it.
	quotedText = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

	// escapedCharacter matches a character that showInvisible has written.
	escapedCharacter = regexp.MustCompile(`\\(?:u[0-9a-f]{4}|U[0-9a-f]{8})`)
)

// invisibleIn returns the first invisible character in the names and values of a message, and the
// name or value, or only the character if the message does not quote it.
func invisibleIn(message string) (text string, r rune, ok bool) {
	for _, quoted := range quotedText.FindAllString(message, -1) {
		text, err := strconv.Unquote(quoted)
		if i := strings.IndexFunc(text, isInvisible); i >= 0 && err == nil {
			r, _ := utf8.DecodeRuneInString(text[i:])
			return text, r, true
		}
	}
	for _, escaped := range escapedCharacter.FindAllString(quotedText.ReplaceAllString(message, ""), -1) {
		code, _ := strconv.ParseUint(escaped[2:], 16, 32)
		if r := rune(code); isInvisible(r) {
			return string(r), r, true
		}
	}
	return "", 0, false
}

// nameInvisible adds to an error the invisible character that is the probable cause, and its
// position if the text of the name or value is as written in the spec.
func (s sources) nameInvisible(e *Error) {
	text, r, ok := invisibleIn(e.Msg)
	if !ok || strings.Contains(e.Msg, fmt.Sprintf("%U", r)) {
		return
	}
	if strings.HasSuffix(e.Msg, "?") {
		e.Msg += " It"
	} else {
		e.Msg += "; it"
	}
	e.Msg += " contains " + describeInvisible(r)
	at := s.find(e.Pos, text)
	line, skipped := afterColumn(s.line(at), at.Column)
	if !strings.HasPrefix(line, text) {
		return
	}
	at.Column = skipped + utf8.RuneCountInString(text[:strings.IndexRune(text, r)]) + 1
	e.Msg += " at " + placeOf(at)
}

// placeOf is LINE:COLUMN.
func placeOf(at Pos) string { return fmt.Sprintf("%d:%d", at.Line, at.Column) }

// nearSyntaxError returns the end of a syntax error: an invisible character in the line or the one
// before it, at a place where YAML may have expected a space. A line end that few editors show as
// one counts, too. It returns "" if there is none.
func nearSyntaxError(t *tree, text string, line int) string {
	rest := text
	for n := 1; n <= line; n++ {
		content, end, after := cutLine(rest)
		if n >= line-1 {
			if column, r := misplaced(content); column > 0 {
				return "; there is " + describeInvisible(r) + " at " + placeOf(t.place(n, column))
			}
		}
		if r, _ := utf8.DecodeRuneInString(end); n == line-1 && isInvisible(r) {
			return fmt.Sprintf("; line %d ends in %s", n, describeInvisible(r))
		}
		if end == "" {
			break
		}
		rest = after
	}
	return ""
}

// misplaced returns the column of the first invisible character of a line that begins the line or is
// beside the punctuation of YAML, or 0. It ignores texts in quotes and comments.
func misplaced(line string) (column int, found rune) {
	quote, before, space := rune(0), '\n', false
	rest := []rune(line)
	for i, r := range rest {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '#' && (space || i == 0):
			return 0, 0
		case isInvisible(r) && (strings.ContainsRune("\n:-,[]{}\"'", before) || strings.HasPrefix(strings.TrimLeft(string(rest[i+1:]), " "), ":")):
			return i + 1, r
		}
		if space = r == ' '; !space {
			before = r
		}
	}
	return 0, 0
}
