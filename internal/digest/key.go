package digest

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// keyFormat is the version of the text that keys are hashed from.
const keyFormat = "key 1"

// A Part is the type of a key line.
type Part int

const (
	PartFormat    Part = iota // the format of key texts
	PartKind                  // the kind; its version is the value
	PartParameter             // a parameter of the stage, by its path
	PartSeed                  // the stage's seed
	PartBackend               // the numeric backend
	PartLibrary               // the libraries that compute for it, with their versions
	PartPackage               // a package or interpreter that a program runs, by its version
	PartSource                // data from outside the pipeline, by content
	PartInput                 // an input, by content; of a gathered cell NAME[axis=value,...]
	PartGather                // how many cells are gathered under a name
)

// A form is how the lines of a part are written.
type form int

const (
	bare    form = iota // WORD VALUE
	setting             // WORD NAME = VALUE
	quoted              // WORD "NAME" VALUE
)

// A partInfo describes a Part.
type partInfo struct {
	word string // that begins its line
	form form   // of the rest of the line
	noun string // what people call it
}

var parts = [...]partInfo{
	PartFormat:    {"foil", bare, "key format"},
	PartKind:      {"kind", quoted, "code of kind"},
	PartParameter: {"with", setting, "parameter"},
	PartSeed:      {"seed", bare, "seed"},
	PartBackend:   {"backend", bare, "backend"},
	PartLibrary:   {"library", bare, "library"},
	PartPackage:   {"package", quoted, "package"},
	PartSource:    {"source", quoted, "source"},
	PartInput:     {"need", quoted, "input"},
	PartGather:    {"gather", quoted, "gathered cells of"},
}

func (p Part) String() string { return parts[p].noun }

// A KeyLine is one line of the text that a key is hashed from. No two lines of a key have the same
// Part and Name.
type KeyLine struct {
	Part  Part
	Name  string
	Value string
}

// Compare orders lines by Part and Name.
func (l KeyLine) Compare(other KeyLine) int {
	return cmp.Or(cmp.Compare(l.Part, other.Part), strings.Compare(l.Name, other.Name))
}

// KeyLines are the lines of a KeyText.
type KeyLines []KeyLine

// A KeyText is the text that a key is hashed from. docs/format.md describes it. KeyLines.Text
// writes it, and Lines reads it.
type KeyText string

// NewKeyLines begins the lines of a kind's key.
func NewKeyLines(kind string, version int) KeyLines {
	return KeyLines{{PartFormat, "", keyFormat}, {PartKind, kind, strconv.Itoa(version)}}
}

// Key is the hash of the text.
func (t KeyText) Key() Key { return sha256.Sum256([]byte(t)) }

// Key is the hash of the lines.
func (k KeyLines) Key() Key { return sha256.Sum256(k.appendText(nil)) }

// Sorted returns the lines in the order of Compare, for comparison with others.
func (k KeyLines) Sorted() KeyLines {
	sorted := slices.Clone(k)
	slices.SortFunc(sorted, KeyLine.Compare)
	return sorted
}

// gathered is the first word of a gathered cell's line. It follows the PartGather line of its
// input.
const gathered = "cell"

const (
	equals      = " = "      // between the name and the value of a setting
	versionWord = "version " // before the value of a PartKind line
)

// Text writes the text that is hashed.
func (k KeyLines) Text() KeyText { return KeyText(k.appendText(nil)) }

// appendText avoids package fmt, because a run calls it for every cell, sometimes more than once.
func (k KeyLines) appendText(b []byte) []byte {
	b = slices.Grow(b, 96*len(k)) // most lines end in a digest
	gather := ""
	for _, l := range k {
		p := parts[l.Part]
		if l.Part == PartGather {
			gather = l.Name
		}
		word := p.word
		axes, ok := strings.CutPrefix(l.Name, gather)
		isCell := l.Part == PartInput && gather != "" && ok && strings.HasPrefix(axes, "[")
		if isCell {
			word = gathered
		}
		b = append(append(b, word...), ' ')
		switch {
		case isCell:
			b = append(append(b, axes...), ' ')
		case p.form == setting:
			b = append(append(b, l.Name...), equals...)
		case p.form == quoted:
			b = append(strconv.AppendQuote(b, l.Name), ' ')
		}
		if l.Part == PartKind {
			b = append(b, versionWord...)
		}
		b = append(append(b, l.Value...), '\n')
	}
	return b
}

// Lines reads the text. Unknown lines, and lines that Text would write differently, are errors. A
// later version of foil may have written them.
func (t KeyText) Lines() (KeyLines, error) {
	lines := make(KeyLines, 0, strings.Count(string(t), "\n"))
	gather := ""
	for line := range strings.Lines(string(t)) {
		l, err := readLine(strings.TrimSuffix(line, "\n"), gather)
		if err != nil {
			return nil, err
		}
		if l.Part == PartGather {
			gather = l.Name
		}
		lines = append(lines, l)
	}
	if lines.Text() != t {
		return nil, fmt.Errorf("key text: it is not in the form that foil writes")
	}
	return lines, nil
}

func readLine(line, gather string) (KeyLine, error) {
	word, rest, _ := strings.Cut(line, " ")
	if word == gathered {
		axes, digest, ok := cutLast(rest)
		if !ok {
			return KeyLine{}, fmt.Errorf("key text: line %q has no digest", line)
		}
		return KeyLine{PartInput, gather + axes, digest}, nil
	}
	part := Part(slices.IndexFunc(parts[:], func(p partInfo) bool { return p.word == word }))
	if part < 0 {
		return KeyLine{}, fmt.Errorf("key text: line %q begins with an unknown word", line)
	}
	l := KeyLine{Part: part, Value: rest}
	switch parts[part].form {
	case setting:
		return ParameterLine(rest), nil
	case quoted:
		name, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return l, fmt.Errorf("key text: line %q has no name in quotes", line)
		}
		l.Value = strings.TrimPrefix(rest[len(name):], " ")
		l.Name, _ = strconv.Unquote(name)
		if part == PartKind {
			l.Value = strings.TrimPrefix(l.Value, versionWord)
		}
	}
	return l, nil
}

// ParameterLine reads NAME = VALUE, as spec.Canonical writes a parameter. A name may have parts in
// quotes, which may contain the equals sign.
func ParameterLine(text string) KeyLine {
	for i := 0; i < len(text); i++ {
		switch rest := text[i:]; {
		case rest[0] == '"':
			if name, err := strconv.QuotedPrefix(rest); err == nil {
				i += len(name) - 1
			}
		case strings.HasPrefix(rest, equals):
			return KeyLine{PartParameter, text[:i], rest[len(equals):]}
		}
	}
	return KeyLine{PartParameter, text, ""}
}

// cutLast splits a text at its last space, because axis names and values may contain spaces.
func cutLast(text string) (before, after string, ok bool) {
	i := strings.LastIndexByte(text, ' ')
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}
