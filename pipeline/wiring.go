package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"foil/spec"
)

// anyName is the name of a port that takes any number of stages.
const anyName = "*"

// checkWiring compares what a stage is given with what its kind takes.
func (b *builder) checkWiring(s *spec.Stage) {
	kind := b.kinds[s.Uses]
	if kind == nil {
		if s.Uses == "" {
			return // reported by spec
		}
		b.at(s.UsesPos, "no kind %q%s", s.Uses, spec.Suggestion(s.Uses, b.kindNames))
		return
	}
	if s.Broken {
		return
	}
	for _, n := range s.Needs {
		b.checkInput(kind, n, false)
	}
	for _, n := range s.Gather {
		b.checkInput(kind, n, true)
	}
	for _, p := range kind.Inputs {
		if p.Optional || p.isGiven(s) {
			continue
		}
		field, verb := "needs", "needs"
		if p.Gathered {
			field, verb = "gather", "gathers"
		}
		if p.Name == anyName {
			b.at(s.Pos, "stage %q %s nothing, and %s needs a stage at least; write %s: {NAME: STAGE}%s", s.Name, verb, kind.Name, field, b.makers(p.Type))
		} else {
			b.at(s.Pos, "stage %q misses the input %q of %s; write %s: {%s: STAGE}%s", s.Name, p.Name, kind.Name, field, p.Name, b.makers(p.Type))
		}
	}
}

// isGiven says whether a stage fills a port, be it in the wrong way.
func (p Port) isGiven(s *spec.Stage) bool {
	switch {
	case p.Name == anyName && p.Gathered:
		return len(s.Gather) > 0
	case p.Name == anyName:
		return len(s.Needs) > 0
	}
	named := func(n spec.Need) bool { return n.Name == p.Name }
	return slices.ContainsFunc(s.Needs, named) || slices.ContainsFunc(s.Gather, named)
}

// checkInput finds the port for an input and compares types.
func (b *builder) checkInput(kind *Kind, n spec.Need, gathered bool) {
	port := kind.port(n.Name, gathered)
	switch {
	case port == nil:
		b.at(n.Pos, "%s has no input %q%s", kind.Name, n.Name, spec.Suggestion(n.Name, kind.portNames(gathered)))
		return
	case gathered && !port.Gathered:
		b.at(n.Pos, "input %q of %s is one artifact, not all cells of a stage; move it from gather to needs", n.Name, kind.Name)
		return
	case !gathered && port.Gathered:
		b.at(n.Pos, "input %q of %s takes all cells of a stage; move it from needs to gather", n.Name, kind.Name)
		return
	}
	from := b.stages[n.Stage]
	if from == nil {
		b.at(n.StagePos, "no stage %q%s", n.Stage, spec.Suggestion(n.Stage, b.stageNames))
		return
	}
	if port.Type != "" && from.output != "" && from.output != port.Type {
		b.at(n.StagePos, "input %q of %s takes %s, and stage %q (%s) makes %s%s",
			n.Name, kind.Name, port.Type, n.Stage, from.kind.Name, from.output, b.makers(port.Type))
	}
}

// outputType is what a stage makes, empty if that is not known. Where the kind
// leaves it to the spec, it is the same in all cells: wiring is that of stages.
func (b *builder) outputType(s *spec.Stage, kind *Kind) Type {
	switch {
	case kind == nil:
		return ""
	case kind.OutputParam == "":
		return kind.Output
	case s.Broken:
		return ""
	}
	given, ok := s.With.Get(kind.OutputParam)
	if !ok {
		return kind.Output
	}
	v, err := given.Resolve(nil)
	if err != nil {
		b.at(given.Pos, "%s: has to be the same in all cells of a stage, and cannot depend on an axis", kind.OutputParam)
		return ""
	}
	if v.Type != spec.String || !slices.Contains(kind.outputTypes(), v.Str) {
		return "" // reported with the parameters
	}
	return Type(v.Str)
}

// outputTypes are the types that OutputParam may say.
func (k *Kind) outputTypes() []string {
	for _, f := range k.Fields() {
		if f.Name == k.OutputParam {
			return f.OneOf
		}
	}
	return nil
}

// port finds the port for an input; a name of its own goes before "*".
func (k *Kind) port(name string, gathered bool) *Port {
	var any *Port
	for i, p := range k.Inputs {
		switch {
		case p.Name == name:
			return &k.Inputs[i]
		case p.Name == anyName && p.Gathered == gathered:
			any = &k.Inputs[i]
		}
	}
	return any
}

// portNames lists the inputs with those first that are given in the same way.
func (k *Kind) portNames(gathered bool) []string {
	var same, other []string
	for _, p := range k.Inputs {
		switch {
		case p.Name == anyName:
		case p.Gathered == gathered:
			same = append(same, p.Name)
		default:
			other = append(other, p.Name)
		}
	}
	return append(same, other...)
}

// makers ends an error about an input with the stages that could fill it.
func (b *builder) makers(t Type) string {
	var names []string
	for _, s := range b.spec.Stages {
		if t != "" && b.stages[s.Name].output == t {
			names = append(names, s.Name)
		}
	}
	const few = 4
	switch {
	case len(names) == 0 || len(names) > few:
		return ""
	case len(names) == 1:
		return fmt.Sprintf(" (%s makes %s)", names[0], t)
	}
	return fmt.Sprintf(" (%s make %s)", list(names), t)
}

// sortedNeeds returns inputs in the order in which cells are joined and keys
// written, which is not the order of the file.
func sortedNeeds(needs []spec.Need) []spec.Need {
	sorted := slices.Clone(needs)
	slices.SortFunc(sorted, func(a, b spec.Need) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}
