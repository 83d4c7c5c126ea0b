package digest

import (
	"fmt"
	"strconv"
	"strings"
)

// A Work is the part of a key text that records repeat.
type Work struct {
	Kind    string
	Version int
	Seed    string // empty without a seed
	Inputs  []WorkInput
}

// A WorkInput is an input of a key text. The cells of a gathered input share its name.
type WorkInput struct {
	Name   string
	Digest Digest
}

// Work reads the lines of a key text that records repeat. It skips the others, because it is called
// for each lookup, and because a later foil may have other lines. No line may have control
// characters.
func (t KeyText) Work() (Work, error) {
	var w Work
	head, rest, _ := strings.Cut(string(t), "\n")
	if head != parts[PartFormat].word+" "+keyFormat {
		return w, fmt.Errorf("key text: it does not begin with the line %q", parts[PartFormat].word+" "+keyFormat)
	}
	gather, left := "", 0 // cells of a gathered input
	for line := range strings.Lines(rest) {
		line = strings.TrimSuffix(line, "\n")
		if err := CheckText(line); err != nil {
			return w, fmt.Errorf("key text: line %q %w", line, err)
		}
		word, _, _ := strings.Cut(line, " ")
		isCell := word == gathered
		if left > 0 && !isCell {
			return w, fmt.Errorf("key text: %q lacks %d cells", gather, left)
		}
		switch word {
		case gathered, parts[PartKind].word, parts[PartSeed].word, parts[PartInput].word, parts[PartGather].word:
		default:
			continue
		}
		l, err := readLine(line, "")
		if err != nil {
			return w, err
		}
		switch l.Part {
		case PartKind:
			if w.Kind != "" {
				return w, fmt.Errorf("key text: it has two kinds")
			}
			if w.Kind = l.Name; w.Kind == "" {
				return w, fmt.Errorf("key text: the kind is empty")
			}
			w.Version, err = number(l.Value)
		case PartSeed:
			w.Seed = l.Value
		case PartGather:
			gather = l.Name
			left, err = number(l.Value)
		case PartInput:
			in := WorkInput{Name: l.Name}
			if isCell {
				if left--; left < 0 {
					return w, fmt.Errorf("key text: the cell %s is one too many", l.Name)
				}
				in.Name = gather
			}
			err = in.Digest.UnmarshalText([]byte(l.Value))
			w.Inputs = append(w.Inputs, in)
		}
		if err != nil {
			return w, fmt.Errorf("key text: line %q: %w", line, err)
		}
	}
	switch {
	case w.Kind == "":
		return w, fmt.Errorf("key text: it has no kind")
	case left > 0:
		return w, fmt.Errorf("key text: %q lacks %d cells", gather, left)
	}
	return w, nil
}

// number reads a number as it is written in keys.
func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return n, nil
}
