package spec

// Options are the parts of a spec that do not stand in its file.
type Options struct {
	// Sets are changes in the form PATH=VALUE, such as "stages.model.with.epochs=5",
	// made in this order before anything is interpreted.
	Sets []string

	// Open reads the spec that another one extends. The name is a path
	// relative to the file given to Parse or the name of an experiment, as
	// written behind `extend:`. Nil: nothing can be extended.
	Open func(name string) ([]byte, error)
}

// Parse reads a spec. The error is Errors: everything that is wrong, each with
// its position. Kinds, their parameters and inherited axes are left to check.
//
// A Spec may come along with the error, so that what is left can be checked and
// all be told at once; stages with problems are marked as Broken.
func Parse(file string, src []byte, opts Options) (*Spec, error) {
	p := &problems{sources: sources{}}
	l := &loader{problems: p, open: opts.Open}
	root, ok := l.load(file, "", src)
	if !ok {
		return nil, p.err()
	}
	for _, set := range opts.Sets {
		applySet(p, &root, set)
	}
	s := interpret(p, file, root)
	return s, p.err()
}

// ParseValue reads one value, as Value.String writes it. The error is Errors.
func ParseValue(file, text string) (Value, error) {
	p := &problems{sources: sources{file: splitLines(text)}}
	v, _ := parseTree(p, file, text, 0)
	return v, p.err()
}
