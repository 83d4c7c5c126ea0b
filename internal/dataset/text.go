package dataset

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

const byteOrderMark = "\xef\xbb\xbf" // of UTF-8

// text returns the content of the members, which are text files, without a byte order mark and
// empty lines at the end. No file is empty then.
func (r Raw) text(members []Member) (Raw, error) {
	clean := make(Raw)
	for _, m := range members {
		b := r[m.Name]
		if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
			return nil, fmt.Errorf("%s is UTF-16 text; convert it to UTF-8, for example with iconv -f utf-16 -t utf-8", m.Name)
		}
		b = bytes.TrimPrefix(b, []byte(byteOrderMark))
		b = trimEmptyLines(b)
		if len(b) == 0 {
			return nil, fmt.Errorf("%s is empty", m.Name)
		}
		clean[m.Name] = b
	}
	return clean, nil
}

// trimEmptyLines cuts off empty lines at the end, and the end of the last line.
func trimEmptyLines(b []byte) []byte {
	for {
		cut, ok := bytes.CutSuffix(b, []byte("\n"))
		if !ok {
			return b
		}
		b = bytes.TrimSuffix(cut, []byte("\r"))
	}
}

// latin1OrUTF8 returns the function that reads the text in a file whose published original is
// Latin-1. The file is UTF-8 if all of it is; then it is a converted copy. A file that is partly
// UTF-8 is an error, which names two lines: some of its text would be read as other characters.
// strict is set for a file that claims to be UTF-8.
func latin1OrUTF8(file string, b []byte, strict bool) (func([]byte) string, error) {
	if utf8.Valid(b) {
		return func(b []byte) string { return string(b) }, nil
	}
	l := newLines(file, b, "")
	var isUTF8, isNot int // the first lines
	for l.next() && (isUTF8 == 0 || isNot == 0) {
		stray, encoded := nonASCII(l.line)
		switch {
		case stray && encoded:
			return nil, l.errorf("the line is partly UTF-8 and partly another encoding: %q; convert the file to UTF-8", clip(l.line))
		case stray && isNot == 0:
			isNot = l.n
		case encoded && isUTF8 == 0:
			isUTF8 = l.n
		}
	}
	l.n = isNot
	switch {
	case strict:
		return nil, l.errorf("the line is not UTF-8, but the file begins with the byte order mark of UTF-8")
	case isUTF8 > 0:
		return nil, l.errorf("the line is not UTF-8, but line %d is: the file mixes two encodings; convert all of it to UTF-8", isUTF8)
	}
	return fromLatin1, nil
}

// nonASCII reports whether a line has bytes that are not UTF-8, and whether it has characters of
// more than one byte that are.
func nonASCII(line []byte) (stray, encoded bool) {
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		switch {
		case n > 1:
			encoded = true
		case r == utf8.RuneError:
			stray = true
		}
		line = line[n:]
	}
	return stray, encoded
}

// fromLatin1 returns UTF-8; Latin-1's codes are Unicode's first 256.
func fromLatin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}
