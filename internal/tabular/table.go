package tabular

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"foil/spec"
)

// Options say how a text file is written. Tables of other forms do not need them.
type Options struct {
	Separator string   // Auto: found out
	Encoding  string   // Auto, UTF8, UTF16, Windows1252 or Latin1
	Quotes    bool     // fields may stand in double quotes
	Columns   []string // names of the columns of a file without a head; nil: the first line is the head
	Expect    []string // columns that somebody needs: they help to find the separator
}

// Auto is the separator and the encoding of a file that is looked at.
const Auto = "auto"

// A Table is an opened file.
type Table struct {
	Name    string   // for messages
	Form    string   // what was found out: "CSV, UTF-8, separated by commas"
	Notes   []string // what somebody should know, in sentences
	Columns []string

	hasHead bool // the names are the first line of a text
	read    func(columns []int) ([]*Column, error)
}

// Open looks at the content of a file.
func Open(name string, raw []byte, o Options) (t *Table, err error) {
	defer recovered(&err, name)
	switch {
	case len(raw) == 0:
		err = fmt.Errorf("it is empty")
	case bytes.HasPrefix(raw, []byte("PAR1")):
		t, err = openParquet(raw)
	case bytes.HasPrefix(raw, []byte("ARROW1")), bytes.HasPrefix(raw, []byte("\xff\xff\xff\xff")):
		t, err = openArrow(raw)
	case bytes.HasPrefix(raw, []byte("FEA1")):
		err = fmt.Errorf("it is a Feather file of version 1; write version 2, which is Arrow IPC")
	default:
		if packed := packedForm(raw); packed != "" {
			err = fmt.Errorf("it is packed with %s; unpack it", packed)
			break
		}
		t, err = openText(raw, o)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t.Name = name
	return t, nil
}

// packedForm recognises what people often have instead of text.
func packedForm(raw []byte) string {
	for start, form := range map[string]string{
		"\x1f\x8b": "gzip", "PK\x03\x04": "zip (or it is an Excel file; save it as CSV)", "BZh": "bzip2",
		"\x28\xb5\x2f\xfd": "zstd", "\xfd7zXZ": "xz",
	} {
		if bytes.HasPrefix(raw, []byte(start)) {
			return form
		}
	}
	return ""
}

// recovered is deferred. It turns a panic about damaged bytes into an error.
func recovered(err *error, name string) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: it is damaged: %v", name, r)
	}
}

// Find returns the number of a column. what says what it is needed for.
func (t *Table) Find(column, what string) (int, error) {
	found := -1
	for i, name := range t.Columns {
		if name != column {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("%s: columns %d and %d are both called %q; rename one", t.Name, found+1, i+1, column)
		}
		found = i
	}
	if found < 0 {
		hint := ""
		if near := spec.Nearest(column, t.Columns); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		} else if t.headless() {
			hint = "; if the file has no head, give the names of its columns with columns"
		}
		return 0, fmt.Errorf("%s has no column %q (%s); it has %s (%s)%s", t.Name, column, what, listed(t.Columns), t.Form, hint)
	}
	return found, nil
}

// headless reports whether the first line of a text looks like values.
func (t *Table) headless() bool {
	return t.hasHead && slices.ContainsFunc(t.Columns, func(name string) bool { _, ok := number(name); return ok })
}

// listed names columns in a message, which must not be as long as the file.
func listed(names []string) string {
	const most = 20
	rest := ""
	if len(names) > most {
		names, rest = names[:most], fmt.Sprintf(" and %d more", len(names)-most)
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", clip(n))
	}
	return strings.Join(quoted, ", ") + rest
}

// Read reads columns, given by their numbers.
func (t *Table) Read(columns ...int) (c []*Column, err error) {
	defer recovered(&err, t.Name)
	if c, err = t.read(columns); err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	for i := range c {
		c[i].Name, c[i].table = t.Columns[columns[i]], t.Name
	}
	return c, nil
}

// clip shortens a value for a message.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}
