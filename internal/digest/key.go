package digest

import (
	"cmp"
	"strings"
)

// keyFormat is the version of the text that keys are hashed from.
const keyFormat = "1"

// A Part is what a line of a key is about.
type Part int

const (
	PartFormat    Part = iota // the format of key texts
	PartKind                  // which kind; its version is the value
	PartParameter             // a parameter of the stage, by its path
	PartSeed                  // the stage's seed
	PartBackend               // the numeric backend and the version of its library
	PartSource                // something from outside of the pipeline, by content
	PartInput                 // an input, by content; of a gathered one NAME[axis=value,...]
	PartGather                // how many cells are gathered under a name
)

// parts describes every Part, in one place: the word that begins its line in the
// text, and what people call it.
var parts = [...]struct{ word, noun string }{
	PartFormat:    {"foil", "key format"},
	PartKind:      {"kind", "code of kind"},
	PartParameter: {"with", "parameter"},
	PartSeed:      {"seed", "seed"},
	PartBackend:   {"backend", "backend"},
	PartSource:    {"source", "source"},
	PartInput:     {"need", "input"},
	PartGather:    {"gather", "gathered cells of"},
}

func (p Part) String() string { return parts[p].noun }

// A KeyLine is one line of what a key is hashed from. Part and Name say what the line
// is about, and no two lines of a key agree in both.
type KeyLine struct {
	Part  Part
	Name  string
	Value string
}

// Compare orders lines by what they are about.
func (l KeyLine) Compare(other KeyLine) int {
	return cmp.Or(cmp.Compare(l.Part, other.Part), strings.Compare(l.Name, other.Name))
}

// KeyLines are what a key is hashed from, in the order in which they are written.
type KeyLines []KeyLine
