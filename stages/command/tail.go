package command

import "strings"

// A tail keeps the last lines of what is written to it.
type tail struct{ text []byte }

const (
	tailLines = 12
	tailBytes = 2000
)

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailBytes; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// String is at most the last tailLines lines, of which the first may be cut.
func (t *tail) String() string {
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(t.text), "")), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
