package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Encodings of text.
const (
	UTF8        = "utf-8"
	UTF16       = "utf-16"
	Windows1252 = "windows-1252"
	Latin1      = "latin-1"
)

const mark8, mark16le, mark16be = "\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"

// decode returns the text, and its encoding. guessed is set if the bytes allow other encodings, too.
func decode(raw []byte, encoding string) (text, found string, guessed bool, err error) {
	if encoding == Auto {
		if encoding, guessed, err = guess(raw); err != nil {
			return "", "", false, err
		}
	}
	switch encoding {
	case UTF8:
		raw = bytes.TrimPrefix(raw, []byte(mark8))
		if !utf8.Valid(raw) {
			line := firstLine(raw, func(l []byte) bool { return !utf8.Valid(l) })
			return "", "", false, fmt.Errorf("line %d is not UTF-8; set encoding", line)
		}
		text = string(raw)
	case UTF16:
		text, err = decode16(raw)
	case Latin1:
		text, err = charmap.ISO8859_1.NewDecoder().String(string(raw))
	default:
		if line := firstLine(raw, hasUndefined); line > 0 {
			return "", "", false, fmt.Errorf("line %d has bytes that are neither UTF-8 nor Windows-1252; set encoding, or convert the file to UTF-8", line)
		}
		text, err = charmap.Windows1252.NewDecoder().String(string(raw))
	}
	if err != nil {
		return "", "", false, err
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return "", "", false, fmt.Errorf("line %d has a NUL byte: the file is not text, or it is UTF-16 (set encoding: utf-16)", 1+strings.Count(text[:at], "\n"))
	}
	return text, encoding, guessed, nil
}

// guess finds the encoding. Text that is not UTF-8 is most often Windows-1252, which has all
// printable characters of Latin-1.
func guess(raw []byte) (encoding string, guessed bool, err error) {
	switch {
	case bytes.HasPrefix(raw, []byte(mark16le)), bytes.HasPrefix(raw, []byte(mark16be)):
		return UTF16, false, nil
	case bytes.HasPrefix(raw, []byte(mark8)), utf8.Valid(raw):
		return UTF8, false, nil
	}
	stray := firstLine(raw, func(l []byte) bool { return !utf8.Valid(l) })
	encoded := firstLine(raw, func(l []byte) bool { return utf8.Valid(l) && utf8.RuneCount(l) < len(l) })
	if encoded > 0 {
		return "", false, fmt.Errorf("line %d is not UTF-8, but line %d is: the file mixes two encodings; convert all of it to UTF-8, or set encoding", stray, encoded)
	}
	return Windows1252, true, nil
}

// firstLine is the number of the first line that is as wanted; 0: none.
func firstLine(raw []byte, is func([]byte) bool) int {
	n := 0
	for line := range bytes.Lines(raw) {
		n++
		if is(line) {
			return n
		}
	}
	return 0
}

// hasUndefined reports bytes that Windows-1252 does not define.
func hasUndefined(line []byte) bool {
	for _, b := range []byte{0x81, 0x8d, 0x8f, 0x90, 0x9d} {
		if bytes.IndexByte(line, b) >= 0 {
			return true
		}
	}
	return false
}

// decode16 reads UTF-16 of either byte order. Without a mark it is little-endian, as on Windows.
func decode16(raw []byte) (string, error) {
	big := bytes.HasPrefix(raw, []byte(mark16be))
	if big || bytes.HasPrefix(raw, []byte(mark16le)) {
		raw = raw[2:]
	}
	if len(raw)%2 != 0 {
		return "", errors.New("it is not UTF-16: its number of bytes is odd")
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		a, b := uint16(raw[2*i]), uint16(raw[2*i+1])
		if big {
			a, b = b, a
		}
		units[i] = a | b<<8
	}
	runes := utf16.Decode(units)
	line := 1
	for _, r := range runes {
		switch r {
		case '\n':
			line++
		case utf8.RuneError:
			return "", fmt.Errorf("line %d is not UTF-16", line)
		}
	}
	return string(runes), nil
}
