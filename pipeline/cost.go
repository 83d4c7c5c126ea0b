package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"foil/spec"
)

// A Cost says what the time of a cell depends on, for estimates. Without one, the time is taken to
// grow with the bytes of all inputs.
type Cost struct {
	// Times is what the time is in proportion to, as a product: parameters that are numbers, such
	// as "epochs", and files of inputs by their size, such as "data/users.arrow". A name may occur
	// twice, for a square.
	Times []string

	// Like is the parameters that change the time in other ways, with everything inside them, such
	// as "network". [] stands for every element of a list. The time of a cell says nothing about
	// cells with other values. All other parameters change the time little.
	Like []string
}

// IsZero reports whether nothing is said.
func (c Cost) IsZero() bool { return c.Times == nil && c.Like == nil }

// IsFile splits NEED/FILE, and reports whether a name in Times is one.
func (c Cost) IsFile(name string) (need, file string, ok bool) { return strings.Cut(name, "/") }

// LikeName is the entry of Like that a parameter belongs to, or "". The parameter is named as in a
// key: "network.width", "adversaries[1].hidden".
func (c Cost) LikeName(parameter string) string {
	name := bare(parameter)
	for _, like := range c.Like {
		if rest, ok := strings.CutPrefix(name, like); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return like
		}
	}
	return ""
}

// bare removes the numbers of elements: adversaries[].hidden.
func bare(parameter string) string {
	var b strings.Builder
	inside := false
	for _, r := range parameter {
		inside = inside && r != ']'
		if !inside {
			b.WriteRune(r)
		}
		inside = inside || r == '['
	}
	return b.String()
}

// problems lists the names that the kind does not have.
func (c Cost) problems(k Kind) (problems []string) {
	known := map[string]bool{}
	addFields(known, k.Fields(), "")
	for _, name := range c.Times {
		need, file, isFile := c.IsFile(name)
		isInput := slices.ContainsFunc(k.Inputs, func(p Port) bool { return p.Name == need })
		if isFile && (file == "" || !isInput) || !isFile && !known[name] {
			problems = append(problems, fmt.Sprintf("cost: times %q is neither a parameter nor a file of an input", name))
		}
	}
	for _, name := range c.Like {
		if !known[name] {
			problems = append(problems, fmt.Sprintf("cost: like %q is not a parameter", name))
		}
	}
	return problems
}

// addFields adds the names of parameters: "schedule.epochs", "adversaries[].hidden".
func addFields(known map[string]bool, fields []spec.FieldInfo, prefix string) {
	for _, f := range fields {
		name := prefix + f.Name
		known[name] = true
		if strings.HasPrefix(f.Type, "list of ") {
			name += "[]"
			known[name] = true
		}
		addFields(known, f.Fields, name+".")
	}
}
