package command

import (
	"strings"

	"foil/internal/clean"
)

// lastWords keep the end of what a program wrote, for the error if it fails.
type lastWords struct{ stdout, stderr *clean.Tail }

func newLastWords() *lastWords { return &lastWords{clean.NewTail(), clean.NewTail()} }

// String continues an error. Few programs report errors on stdout, so it counts only if stderr is
// empty.
func (l *lastWords) String() string {
	from, text := "stderr", l.stderr.Text()
	if text == "" {
		from, text = "stdout (stderr is empty)", l.stdout.Text()
	}
	if text == "" {
		return "; it wrote nothing"
	}
	return "; last lines of " + from + ":\n    " + strings.ReplaceAll(text, "\n", "\n    ")
}
