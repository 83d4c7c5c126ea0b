package plan

import (
	"strconv"
	"strings"

	"foil/internal/digest"
	"foil/pipeline"
	"foil/pipeline/graph"
)

// A Numeric is the backend of numeric kinds.
type Numeric struct {
	Backend string // in GoMLX's notation: "go", "xla:cpu", ...
	Library string // the libraries of the backend, with their versions
}

// KeyLines describes the work of a node: kind, parameters, seed, backend and the content of its
// inputs. It contains no stage names, paths, hosts, users and times, so that the same work has the
// same key everywhere. content returns the digest of a node's artifact.
func KeyLines(n *graph.Node, with Numeric, sources []pipeline.Source, content func(*graph.Node) digest.Digest) digest.KeyLines {
	k := digest.NewKeyLines(n.Kind.Name, n.Kind.Version)
	add := func(part digest.Part, name, value string) {
		k = append(k, digest.KeyLine{Part: part, Name: name, Value: value})
	}
	for line := range strings.Lines(n.Params.Canonical) {
		k = append(k, digest.ParameterLine(strings.TrimSuffix(line, "\n")))
	}
	if n.Kind.Draws {
		add(digest.PartSeed, "", strconv.FormatUint(n.Seed, 10))
	}
	if n.Kind.Numeric {
		add(digest.PartBackend, "", strconv.Quote(with.Backend))
		if with.Library != "" {
			add(digest.PartLibrary, "", strconv.Quote(with.Library))
		}
	}
	for _, s := range sources {
		add(digest.PartSource, s.Name, s.Digest.String())
	}
	for _, in := range n.Inputs {
		if !in.Gathered {
			add(digest.PartInput, in.Name, content(in.From[0]).String())
			continue
		}
		add(digest.PartGather, in.Name, strconv.Itoa(len(in.From)))
		for _, from := range in.From {
			add(digest.PartInput, in.Name+gatheredAxes(from), content(from).String())
		}
	}
	return k
}

// gatheredAxes writes the coordinates of a gathered cell, or "[]" if it has none.
func gatheredAxes(n *graph.Node) string {
	if len(n.Axes) == 0 {
		return "[]"
	}
	return pipeline.AxesText(n.Axes)
}
