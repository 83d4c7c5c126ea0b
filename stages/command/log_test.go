package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/pipeline"
)

func TestLogStopsAtItsLimit(t *testing.T) {
	const limit, tail = 100, 20
	note := "the log has reached its limit of 100 B: what the program prints from now on is dropped, except for its last 20 B\n"
	line := func(n int) string { return fmt.Sprintf("line %4d\n", n) } // of ten bytes
	lines := func(from, to int) (s string) {
		for i := from; i < to; i++ {
			s += line(i)
		}
		return s
	}
	for name, c := range map[string]struct {
		writes []string
		want   string
	}{
		"nothing":             {nil, ""},
		"short":               {[]string{lines(0, 5)}, lines(0, 5)},
		"as long as allowed":  {[]string{lines(0, 7), lines(7, 10)}, lines(0, 10)},
		"a line more":         {[]string{lines(0, 10), line(10)}, lines(0, 10) + "\n" + note + line(10)},
		"the limit in a line": {[]string{"x", lines(0, 11)}, "x" + lines(0, 9) + line(9)[:9] + "\n" + note + "\n" + line(10)},
		"much more":           {[]string{lines(0, 10), lines(10, 1000)}, lines(0, 10) + "\n" + note + "9.89 kB of the output were dropped here; its end:\n" + line(999)},
		"much, in pieces":     {strings.SplitAfter(lines(0, 1000), "\n"), lines(0, 10) + "\n" + note + "9.89 kB of the output were dropped here; its end:\n" + line(999)},
		"much, in bytes":      {strings.Split(lines(0, 1000), ""), lines(0, 10) + "\n" + note + "9.89 kB of the output were dropped here; its end:\n" + line(999)},
		"one long line":       {[]string{strings.Repeat("x", 1000)}, strings.Repeat("x", 100) + "\n" + note + "880 B of the output were dropped here; its end:\n" + strings.Repeat("x", 20)},
	} {
		var log bytes.Buffer
		notes := 0
		l := newCappedLog(&pipeline.Cell{OnLog: &log, OnNote: func(string) { notes++ }}, limit, tail)
		most := 0
		for _, w := range c.writes {
			if n, err := l.Write([]byte(w)); n != len(w) || err != nil {
				t.Errorf("%s: wrote %d of %d bytes (%v)", name, n, len(w), err)
			}
			most = max(most, log.Len())
		}
		l.close()
		if log.String() != c.want {
			t.Errorf("%s: the log is\n%q\nand not\n%q", name, log.String(), c.want)
		}
		if told := strings.Contains(c.want, note); (notes == 1) != told || notes > 1 {
			t.Errorf("%s: %d notes", name, notes)
		}
		if most > limit+len(note)+1 || cap(l.last) > 10*tail {
			t.Errorf("%s: %d bytes in the log, and %d in memory", name, most, cap(l.last))
		}
	}
}

// A log goes on from attempt to attempt.
func TestLimitCountsEarlierAttempts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for range 3 {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
		if err != nil {
			t.Fatal(err)
		}
		l := newCappedLog(&pipeline.Cell{OnLog: f}, 1000, 20)
		l.Write([]byte(strings.Repeat("x", 900)))
		l.close()
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "x"); n < 1000 || n > 1000+2*20+20 {
		t.Errorf("%d bytes of output in the log", n)
	}
}

func TestNoLogHasALimit(t *testing.T) {
	l := newCappedLog(&pipeline.Cell{}, 10, 5)
	l.Write(make([]byte, 100))
	l.close()
	full := errors.New("disk full")
	if _, err := newCappedLog(&pipeline.Cell{OnLog: fullLog{full}}, 10, 5).Write([]byte("x")); !errors.Is(err, full) {
		t.Error(err)
	}
}

type fullLog struct{ err error }

func (f fullLog) Write([]byte) (int, error) { return 0, f.err }
