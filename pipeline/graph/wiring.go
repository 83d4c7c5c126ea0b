package graph

import (
	"fmt"
	"slices"
	"strings"

	"foil/internal/words"
	"foil/pipeline"
	"foil/spec"
)

// anyName is the name of a port that accepts any number of inputs under any names.
const anyName = "*"

// checkWiring compares the inputs of a stage with the ports of its kind.
func (b *builder) checkWiring(s *spec.Stage) {
	kind := b.kinds[s.Uses]
	if kind == nil {
		if s.Uses == "" {
			return // reported by spec
		}
		b.at(s.UsesPos, "no kind %q%s", s.Uses, spec.Suggestion(s.Uses, b.kindNames))
		return
	}
	for _, n := range s.Needs {
		b.checkInput(kind, n, false)
	}
	for _, n := range s.Gather {
		b.checkInput(kind, n, true)
	}
	for _, p := range kind.Inputs {
		if p.Optional || s.Broken || isGiven(p, s) {
			continue
		}
		field, verb := "needs", "needs"
		if p.Gathered {
			field, verb = "gather", "gathers"
		}
		if p.Name == anyName {
			b.at(s.Pos, "stage %q %s nothing, but %s takes at least one stage; write %s: {NAME: STAGE}%s", s.Name, verb, kind.Name, field, b.makers(p))
		} else {
			b.at(s.Pos, "stage %q misses the input %q of %s; write %s: {%s: STAGE}%s", s.Name, p.Name, kind.Name, field, p.Name, b.makers(p))
		}
	}
}

// isGiven reports whether a stage has an input for a port, even under the wrong field (needs or
// gather).
func isGiven(p pipeline.Port, s *spec.Stage) bool {
	switch {
	case p.Name == anyName && p.Gathered:
		return len(s.Gather) > 0
	case p.Name == anyName:
		return len(s.Needs) > 0
	}
	named := func(n spec.Need) bool { return n.Name == p.Name }
	return slices.ContainsFunc(s.Needs, named) || slices.ContainsFunc(s.Gather, named)
}

// checkInput finds the port for an input and compares the types.
func (b *builder) checkInput(kind *pipeline.Kind, n spec.Need, gathered bool) {
	port := portOf(kind, n.Name, gathered)
	switch {
	case port == nil:
		b.at(n.Pos, "%s has no input %q%s", kind.Name, n.Name, spec.Suggestion(n.Name, portNames(kind, gathered)))
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
	if from.output != "" && !port.Takes(from.output) {
		b.at(n.StagePos, "input %q of %s takes %s, and stage %q (%s) makes %s%s",
			n.Name, kind.Name, port.Types(), n.Stage, from.kind.Name, from.output, b.makers(*port))
	}
}

// outputType is the type of a stage's output, or "" if it is not known. If a parameter sets the
// type, it must be the same in all cells of the stage, because stages are wired as a whole.
func (b *builder) outputType(s *spec.Stage, kind *pipeline.Kind) pipeline.Type {
	switch {
	case kind == nil:
		return ""
	case kind.OutputParam == "":
		return kind.Output
	}
	given, ok := s.With.Get(kind.OutputParam)
	if !ok {
		return kind.Output
	}
	v, err := given.Resolve(nil)
	if err != nil {
		b.at(given.Pos, "%s: must be the same in all cells of a stage and cannot depend on an axis", kind.OutputParam)
		return ""
	}
	if v.Type != spec.String || !slices.Contains(outputTypes(kind), v.Str) {
		return "" // reported with the parameters
	}
	return pipeline.Type(v.Str)
}

// outputTypes are the allowed values of OutputParam.
func outputTypes(k *pipeline.Kind) []string {
	for _, f := range k.Fields() {
		if f.Name == k.OutputParam {
			return f.OneOf
		}
	}
	return nil
}

// portOf finds the port for an input. A port with the exact name has priority over "*".
func portOf(k *pipeline.Kind, name string, gathered bool) *pipeline.Port {
	var open *pipeline.Port
	for i, p := range k.Inputs {
		switch {
		case p.Name == name:
			return &k.Inputs[i]
		case p.Name == anyName && p.Gathered == gathered:
			open = &k.Inputs[i]
		}
	}
	return open
}

// portNames lists the names of the ports, first those that are filled by the same field (needs or
// gather).
func portNames(k *pipeline.Kind, gathered bool) []string {
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

// makers returns the end of an error about an input: the stages with an output of the right type.
func (b *builder) makers(p pipeline.Port) string {
	var names []string
	for _, s := range b.spec.Stages {
		if t := b.stages[s.Name].output; p.Type != "" && t != "" && p.Takes(t) {
			names = append(names, s.Name)
		}
	}
	const few = 4
	switch {
	case len(names) == 0 || len(names) > few:
		return ""
	case len(names) == 1:
		return fmt.Sprintf(" (%s makes %s)", names[0], b.stages[names[0]].output)
	}
	return fmt.Sprintf(" (%s make %s)", words.And(names), p.Types())
}

// sortedNeeds returns inputs in the order that joins and keys use. It does not depend on the order
// in the file.
func sortedNeeds(needs []spec.Need) []spec.Need {
	sorted := slices.Clone(needs)
	slices.SortFunc(sorted, func(a, b spec.Need) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}
