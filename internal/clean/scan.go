package clean

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// A token is a part of a text: a character, a control character or an escape sequence.
type token struct {
	kind   tokenKind
	char   rune   // of a character or control
	final  byte   // of a CSI sequence
	params []byte // of a CSI sequence
}

type tokenKind uint8

const (
	character tokenKind = iota
	control             // C0 and DEL, except escape
	csi                 // CSI PARAMETERS FINAL: moves the cursor, erases, sets colours
	newLine             // the control NEL, and separators that Unicode counts as line ends
	invisible           // other escapes and C1 controls, and characters that are not shown
	invalid             // a byte that is not UTF-8
)

const (
	escape = 0x1b
	bell   = 0x07
)

// The longest sequences. A string holds a title, a link or an image.
const (
	longestSequence = 256
	longestString   = 1 << 20
)

// scan reads the token at the beginning of b, which is not empty, and returns its length. The
// length 0 means that the token may be incomplete, which is possible only without end. searched is
// the length of an earlier b with this beginning for which scan returned 0.
func scan(b []byte, end bool, searched int) (token, int) {
	if b[0] == escape {
		return scanEscape(b, end, searched)
	}
	if b[0] < utf8.RuneSelf {
		kind := character
		if b[0] < ' ' || b[0] == 0x7f {
			kind = control
		}
		return token{kind: kind, char: rune(b[0])}, 1
	}
	if !end && !utf8.FullRune(b) {
		return token{}, 0
	}
	r, n := utf8.DecodeRune(b)
	switch {
	case r == utf8.RuneError && n == 1:
		return token{kind: invalid}, 1
	case r == 0x9b:
		return scanCSI(b, n, end)
	case r == 0x90 || r == 0x98 || r >= 0x9d && r <= 0x9f:
		return scanString(b, n, end, searched)
	case r == 0x85 || r == '\u2028' || r == '\u2029':
		return token{kind: newLine}, n
	case hidden(r):
		return token{kind: invisible}, n
	case r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef: // Unicode defines no characters here
		return token{kind: invalid}, n
	}
	return token{kind: character, char: r}, n
}

// hidden reports whether a character is not shown, and can be removed without changing a word.
// Joiners are necessary in some scripts and in emoji. A few signs above or below numbers belong to
// the same category and are visible.
func hidden(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != nonJoiner && r != joiner && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

func scanEscape(b []byte, end bool, searched int) (token, int) {
	if len(b) == 1 {
		return incomplete(1, end)
	}
	switch c := b[1]; {
	case c == '[':
		return scanCSI(b, 2, end)
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		return scanString(b, 2, end, searched)
	case c == 'E':
		return token{kind: newLine}, 2
	case c >= ' ' && c <= '/':
		i := 2
		for i < len(b) && i < longestSequence && b[i] >= ' ' && b[i] <= '/' {
			i++
		}
		if i == len(b) {
			return incomplete(i, end)
		}
		if b[i] >= '0' && b[i] <= '~' {
			i++
		}
		return token{kind: invisible}, i
	case c >= '0' && c <= '~':
		return token{kind: invisible}, 2
	}
	return token{kind: invisible}, 1
}

// incomplete is a sequence that goes on behind b, unless that is the end of the text.
func incomplete(n int, end bool) (token, int) {
	if end {
		return token{kind: invisible}, n
	}
	return token{}, 0
}

// scanCSI reads a CSI sequence whose introducer has intro bytes. Of a malformed sequence, it takes
// the bytes that belong to it.
func scanCSI(b []byte, intro int, end bool) (token, int) {
	i := intro
	for i < len(b) && i < longestSequence && b[i] >= '0' && b[i] <= '?' {
		i++
	}
	params := b[intro:i]
	for i < len(b) && i < longestSequence && b[i] >= ' ' && b[i] <= '/' {
		i++
	}
	switch {
	case i == len(b):
		return incomplete(i, end)
	case b[i] < '@' || b[i] > '~':
		return token{kind: invisible}, i
	case len(params) != i-intro: // the meaning of the final byte is another one
		return token{kind: invisible}, i + 1
	}
	return token{kind: csi, final: b[i], params: params}, i + 1
}

// scanString reads a sequence that holds a text: a title, a link or an image. It ends with a bell or
// the string terminator. If another control character comes first, the text is not part of the
// sequence: a program that prints the introducer by mistake must not hide its own words.
func scanString(b []byte, intro int, end bool, searched int) (token, int) {
	const terminator = "\u009c"
	for i := max(intro, searched-1); i < len(b); i++ {
		switch c := b[i]; {
		case c == bell:
			return token{kind: invisible}, i + 1
		case c == escape && i+1 == len(b) && !end:
			return token{}, 0
		case c == escape && i+1 < len(b) && b[i+1] == '\\':
			return token{kind: invisible}, i + 2
		case bytes.HasPrefix(b[i:], []byte(terminator)):
			return token{kind: invisible}, i + len(terminator)
		case c < ' ' || c == 0x7f || isC1(b[i:]) || i >= longestString:
			return token{kind: invisible}, intro
		}
	}
	if end {
		return token{kind: invisible}, intro
	}
	return token{}, 0
}

// isC1 reports whether a text begins with one of the control characters U+0080 to U+009F.
func isC1(b []byte) bool { return len(b) > 1 && b[0] == 0xc2 && b[1] < 0xa0 }
