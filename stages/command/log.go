package command

import (
	"bytes"
	"io"
	"io/fs"

	"foil/pipeline"
	"foil/spec"
)

// A program may print without end. The log of a cell keeps the first logLimit bytes of all attempts,
// and the last logTail bytes of each.
const (
	logLimit = 64_000_000
	logTail  = 64_000
)

// A cappedLog is the log of a cell for the output of its program.
type cappedLog struct {
	cell        *pipeline.Cell
	to          io.Writer
	limit, tail int64
	left        int64  // bytes that the log may still grow by
	dropped     int64  // bytes, those in last included
	last        []byte // the last tail bytes that were dropped, and a few more
}

// newCappedLog returns the log of a cell, which may hold the output of an earlier attempt.
func newCappedLog(cell *pipeline.Cell, limit, tail int64) *cappedLog {
	l := &cappedLog{cell: cell, to: cell.OnLog, limit: limit, tail: tail, left: limit}
	if l.to == nil {
		l.to = io.Discard
	}
	if f, ok := l.to.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if info, err := f.Stat(); err == nil {
			l.left = max(0, l.left-info.Size())
		}
	}
	return l
}

// Write never fails because of the limit, so that the program goes on.
func (l *cappedLog) Write(p []byte) (int, error) {
	n := int(min(int64(len(p)), l.left))
	if n > 0 {
		if _, err := l.to.Write(p[:n]); err != nil {
			return 0, err
		}
		l.left -= int64(n)
	}
	if n < len(p) {
		l.drop(p[n:])
	}
	return len(p), nil
}

func (l *cappedLog) drop(p []byte) {
	if l.dropped == 0 {
		io.WriteString(l.to, "\n")
		l.cell.Note("the log has reached its limit of %s: what the program prints from now on is dropped, except for its last %s",
			spec.FormatSize(l.limit), spec.FormatSize(l.tail))
	}
	l.dropped += int64(len(p))
	tail := int(l.tail)
	l.last = append(l.last, p[max(0, len(p)-tail):]...)
	if extra := len(l.last) - tail; extra >= tail { // moves the bytes rarely
		l.last = append(l.last[:0], l.last[extra:]...)
	}
}

// close writes the end of the output, if some of it was dropped.
func (l *cappedLog) close() {
	if l.dropped == 0 {
		return
	}
	end := l.last[max(0, len(l.last)-int(l.tail)):]
	if int64(len(end)) < l.dropped { // it begins in the middle of a line
		if _, rest, found := bytes.Cut(end, []byte("\n")); found {
			end = rest
		}
	}
	if lost := l.dropped - int64(len(end)); lost > 0 {
		l.cell.Logf("%s of the output were dropped here; its end:", spec.FormatSize(lost))
	}
	l.to.Write(end)
}
