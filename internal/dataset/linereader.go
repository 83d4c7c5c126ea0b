package dataset

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// longestLine is the maximum length of a line, with its end.
const longestLine = 64 << 10

// A lineReader iterates over the lines of a file that is too large for memory, and tracks the
// position. Lines end in LF or CR LF; the last line may have no line end. Empty lines at the end
// do not count. It skips a byte order mark of UTF-8.
type lineReader struct {
	file   string
	layout string // the fields of a line, for messages
	r      *bufio.Reader
	line   []byte // valid until the next line is read
	n      int
	cut    bool // the line has no line end
	err    error
}

func newLineReader(file string, r io.Reader, layout string) *lineReader {
	return &lineReader{file: file, layout: layout, r: bufio.NewReaderSize(r, longestLine)}
}

func (l *lineReader) next() bool {
	if l.err != nil || l.cut {
		return false
	}
	for empty := 0; ; empty++ {
		line, err := l.r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			l.n++
			l.err = l.errorf("the line has more than %d bytes", longestLine)
			return false
		case err != nil && err != io.EOF:
			l.err = err
			return false
		case len(line) == 0: // the end of the file
			return false
		}
		l.n++
		if l.n == 1 {
			line = bytes.TrimPrefix(line, []byte(byteOrderMark))
			if bytes.HasPrefix(line, []byte("\xff\xfe")) || bytes.HasPrefix(line, []byte("\xfe\xff")) {
				l.err = l.errorf("the file is UTF-16 text; convert it to UTF-8, for example with iconv -f utf-16 -t utf-8")
				return false
			}
		}
		l.cut = err == io.EOF
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) == 0 && !l.cut {
			continue
		}
		if len(line) > 0 && empty > 0 {
			l.n -= empty // the first of them
			l.err = l.errorf("the line is empty; it must have: %s", l.layout)
			return false
		}
		l.line = line
		return len(line) > 0
	}
}

// end is the error that ended the lines.
func (l *lineReader) end() error {
	if l.err == nil && l.n == 0 {
		return fmt.Errorf("%s is empty", l.file)
	}
	return l.err
}

// ifCut is the end of a message about a line that is not complete.
func (l *lineReader) ifCut() string {
	if !l.cut {
		return ""
	}
	return "; the file ends in this line: get a complete copy"
}

func (l *lineReader) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", l.file, l.n, fmt.Errorf(format, args...))
}
