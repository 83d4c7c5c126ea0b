package tabular

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// separators are those that are looked for, with their names.
var separators = []struct{ text, name string }{
	{",", "commas"}, {"\t", "tabs"}, {";", "semicolons"}, {"|", "vertical bars"}, {"::", `"::"`}, {" ", "spaces"},
}

func separatorName(text string) string {
	for _, s := range separators {
		if s.text == text {
			return s.name
		}
	}
	return fmt.Sprintf("%q", text)
}

func openText(raw []byte, o Options) (*Table, error) {
	text, encoding, guessed, err := decode(raw, o.Encoding)
	if err != nil {
		return nil, err
	}
	t := &Table{}
	if guessed {
		t.Notes = append(t.Notes, "the text is not UTF-8 and was read as Windows-1252; set encoding if names look wrong")
	}
	if !strings.Contains(text, "\n") && strings.Contains(text, "\r") {
		text = strings.ReplaceAll(text, "\r", "\n") // lines end as they did on old Macs
	}
	r := reader{text: text, separator: o.Separator, quotes: o.Quotes, line: 1}
	if o.Separator == Auto {
		r.separator = findSeparator(r, o)
	}
	t.Form = fmt.Sprintf("text in %s, separated by %s", encoding, separatorName(r.separator))
	t.Columns = o.Columns
	first := r
	head, err := first.record(nil)
	switch {
	case err != nil:
		return nil, err
	case head == nil:
		return nil, errors.New("it has no lines with values")
	case o.Columns == nil:
		t.Columns, t.hasHead, r = head, true, first
	case slices.Equal(head, o.Columns):
		return nil, fmt.Errorf("line %d is a head with the names of the columns; leave out columns", first.start)
	}
	if len(t.Columns) == 1 {
		t.Form = fmt.Sprintf("text in %s, one column: no separator was found", encoding)
	}
	t.read = func(columns []int) ([]*Column, error) { return r.columns(columns, len(t.Columns), t) }
	return t, nil
}

// findSeparator tries separators on the first lines. The best one gives the columns that somebody
// needs; then, the same number of fields in all lines; then, many fields.
func findSeparator(r reader, o Options) string {
	type score struct {
		expected, even bool
		fields         int
	}
	better := func(a, b score) bool {
		if a.expected != b.expected {
			return a.expected
		}
		if a.even != b.even {
			return a.even
		}
		return a.fields > b.fields
	}
	const most = 50
	best, bestScore := separators[0].text, score{}
	for _, candidate := range separators {
		try := r
		try.separator = candidate.text
		head, err := try.record(nil)
		if err != nil {
			continue
		}
		s := score{even: len(head) > 1, fields: len(head)}
		if o.Columns != nil {
			s.expected = len(head) == len(o.Columns)
		} else {
			s.expected = len(o.Expect) > 0 && !slices.ContainsFunc(o.Expect, func(name string) bool { return !slices.Contains(head, name) })
		}
		for range most {
			fields, err := try.record(nil)
			if err != nil {
				s.even = false
			}
			if err != nil || fields == nil {
				break
			}
			s.even = s.even && len(fields) == len(head)
		}
		if better(s, bestScore) {
			best, bestScore = candidate.text, s
		}
	}
	return best
}

// A reader cuts a text into records and fields.
type reader struct {
	text      string
	separator string
	quotes    bool

	at    int // position of the next record
	line  int // its line
	start int // line of the record that was read last
	blank int // empty lines before it
}

// record appends the fields of the next record. Without one it returns nil.
func (r *reader) record(fields []string) ([]string, error) {
	for r.at < len(r.text) {
		if b := r.text[r.at]; b != '\n' && b != '\r' && b != ' ' {
			break
		}
		line, _, _ := strings.Cut(r.text[r.at:], "\n")
		if strings.Trim(line, " \r") != "" {
			break
		}
		r.at = min(r.at+len(line)+1, len(r.text))
		r.line++
		r.blank++
	}
	if r.at >= len(r.text) {
		return nil, nil
	}
	r.start = r.line
	for {
		field, end, err := r.field(r.at)
		if err != nil {
			return nil, fmt.Errorf("line %d, column %d: %w", r.start, len(fields)+1, err)
		}
		fields = append(fields, field)
		switch {
		case end >= len(r.text):
			r.at = end
			r.line++
			return fields, nil
		case r.text[end] == '\n' && r.separator != "\n":
			r.at = end + 1
			r.line++
			return fields, nil
		}
		r.at = end + len(r.separator)
	}
}

// field reads the field at a position. end is where its separator or the end of its line is.
// Spaces around a field do not count.
func (r *reader) field(at int) (field string, end int, err error) {
	text, first := r.text, r.separator[0]
	for at < len(text) && text[at] == ' ' && first != ' ' {
		at++
	}
	if r.quotes && at < len(text) && text[at] == '"' {
		return r.quoted(at + 1)
	}
	end = at
	for end < len(text) {
		if b := text[end]; b == '\n' || b == first && (len(r.separator) == 1 || strings.HasPrefix(text[end:], r.separator)) {
			break
		}
		end++
	}
	last := end
	for last > at && (text[last-1] == ' ' || text[last-1] == '\r') {
		last--
	}
	return text[at:last], end, nil
}

// quoted reads a field from behind its quote.
func (r *reader) quoted(at int) (field string, end int, err error) {
	doubled := false
	for end = at; ; {
		next := strings.IndexByte(r.text[end:], '"')
		if next < 0 {
			return "", 0, errors.New("a quote is not closed; close it, or set quotes: false if quotes belong to the text")
		}
		end += next + 1
		if end == len(r.text) || r.text[end] != '"' {
			break
		}
		doubled = true
		end++
	}
	field = r.text[at : end-1]
	r.line += strings.Count(field, "\n")
	if doubled {
		field = strings.ReplaceAll(field, `""`, `"`)
	}
	for end < len(r.text) && (r.text[end] == ' ' && r.separator[0] != ' ' || r.text[end] == '\r') {
		end++
	}
	if end < len(r.text) && r.text[end] != '\n' && !strings.HasPrefix(r.text[end:], r.separator) {
		rest, _, _ := strings.Cut(r.text[end:], "\n")
		return "", 0, fmt.Errorf("%q follows the closing quote; double the quotes in a field, or set quotes: false if quotes belong to the text", clip(rest))
	}
	return field, end, nil
}

// columns reads all records, which must have the given number of fields.
func (r reader) columns(wanted []int, width int, t *Table) ([]*Column, error) {
	rows := strings.Count(r.text[r.at:], "\n") + 1
	columns := make([]*Column, len(wanted))
	line := make([]int32, 0, rows)
	for i, w := range wanted {
		columns[i] = &Column{Text: make([]string, 0, rows), place: func(row int) string {
			return fmt.Sprintf("line %d, column %d", line[row], w+1)
		}}
	}
	r.blank = 0
	fields := make([]string, 0, width)
	blank := 0
	for {
		var err error
		got, err := r.record(fields[:0])
		if err != nil {
			return nil, err
		}
		if got == nil {
			break
		}
		blank, fields = r.blank, got
		if len(got) != width {
			return nil, fmt.Errorf("line %d has %s, but the table has %d columns (%s)", r.start, count(len(got), "field"), width, t.Form)
		}
		for i, w := range wanted {
			columns[i].Text = append(columns[i].Text, got[w])
		}
		line = append(line, int32(r.start))
	}
	if blank > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%s between others skipped", count(blank, "empty line")))
	}
	return columns, nil
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
