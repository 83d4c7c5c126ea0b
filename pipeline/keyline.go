package pipeline

import (
	"cmp"
	"strings"
)

// A Part is what a line of a key's text is about.
type Part int

const (
	PartFormat    Part = iota // the format of key texts
	PartKind                  // which kind; its version is the value
	PartParameter             // a parameter of the stage
	PartSeed                  // the stage's seed
	PartBackend               // the numeric backend
	PartSource                // something from outside of the pipeline
	PartInput                 // an input, by content
	PartGather                // how many cells are gathered
)

func (p Part) String() string {
	return [...]string{"key format", "code of kind", "parameter", "seed", "backend", "source", "input", "gathered cells of"}[p]
}

// A KeyLine is a line of a key's text. Part and Name say what the line is about,
// and are not there twice in a text.
type KeyLine struct {
	Part  Part
	Name  string
	Value string
}

func (l KeyLine) is(other KeyLine) int {
	return cmp.Or(cmp.Compare(l.Part, other.Part), strings.Compare(l.Name, other.Name))
}

// keyLines reads what keyText writes; see docs/format.md.
func keyLines(text string) []KeyLine {
	var lines []KeyLine
	gather := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		word, rest, _ := strings.Cut(line, " ")
		l := KeyLine{Part: PartFormat, Name: word, Value: rest}
		switch word {
		case "kind":
			name, version, _ := strings.Cut(rest, " version ")
			l = KeyLine{PartKind, strings.Trim(name, `"`), version}
		case "with":
			name, value, _ := strings.Cut(rest, " = ")
			l = KeyLine{PartParameter, name, value}
		case "seed":
			l = KeyLine{PartSeed, "", rest}
		case "backend":
			l = KeyLine{PartBackend, "", rest}
		case "source":
			l = named(PartSource, rest)
		case "need":
			l = named(PartInput, rest)
		case "gather":
			l = named(PartGather, rest)
			gather = l.Name
		case "cell":
			l = named(PartInput, rest)
			l.Name = gather + l.Name
		}
		lines = append(lines, l)
	}
	return lines
}

// named parts `"name" value` at its last space.
func named(part Part, text string) KeyLine {
	i := strings.LastIndexByte(text, ' ')
	if i < 0 {
		return KeyLine{Part: part, Value: text}
	}
	return KeyLine{Part: part, Name: strings.Trim(text[:i], `"`), Value: text[i+1:]}
}
