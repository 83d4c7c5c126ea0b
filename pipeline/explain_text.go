package pipeline

import (
	"fmt"
	"strings"
)

// Short says why a cell is not in the cache, in a few words.
func (e *Explanation) Short() string {
	if e.State != Miss || e.Nearest == nil || len(e.Differences) == 0 {
		return e.Reason
	}
	const few = 2
	var words []string
	for i, d := range e.Differences {
		if i == few {
			words = append(words, fmt.Sprintf("%d more", len(e.Differences)-few))
			break
		}
		words = append(words, d.String())
	}
	return "new: " + list(words)
}

// String says what differs, without going into why.
func (d Difference) String() string {
	switch what := strings.TrimSpace(d.Part.String() + " " + d.Name); {
	case d.Part == PartInput && d.Old != "" && d.New != "":
		return what + " has other content"
	case d.Part == PartInput && d.Old == "":
		return what + " was not there"
	case d.Part == PartInput:
		return what + " is not there any more"
	case d.Old == "":
		return fmt.Sprintf("%s was not there, now %s", what, d.New)
	case d.New == "":
		return fmt.Sprintf("%s was %s, now not there", what, d.Old)
	default:
		return fmt.Sprintf("%s %s -> %s", what, shortHash(d.Old), shortHash(d.New))
	}
}

// shortHash cuts digests, which nobody reads as a whole.
func shortHash(text string) string {
	const hash, short = 64, 12
	if len(text) == hash && strings.Trim(text, "0123456789abcdef") == "" {
		return text[:short]
	}
	return text
}

// Causes are the lines of an explanation that say what differs, and why inputs
// do, from the outside in. There may be many for a cell that gathers.
func (e *Explanation) Causes() []string { return causes(nil, e.Differences, "") }

func causes(lines []string, differences []Difference, indent string) []string {
	for _, d := range differences {
		line := indent + d.String()
		if d.Cell != "" {
			line += ", made by " + d.Cell
		}
		if d.SameWork {
			line += "; the same work came out different, as on another processor"
		}
		lines = causes(append(lines, line), d.Because, indent+"  ")
	}
	return lines
}
