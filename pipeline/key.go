package pipeline

import (
	"fmt"
	"foil/internal/digest"
	"strings"
)

// keyFormat is the version of the text that keys are made of.
const keyFormat = 1

// keyText describes the work of a node, line by line, for digest.KeyOf: what
// is done, with what, on what content. Names of stages, paths, hosts, users and
// times are not in it, so that the same work has the same key everywhere.
func keyText(n *Node, backend string, sources []Source, artifact func(*Node) digest.Digest) string {
	var b strings.Builder
	fmt.Fprintf(&b, "foil key %d\n", keyFormat)
	fmt.Fprintf(&b, "kind %q version %d\n", n.Kind.Name, n.Kind.Version)
	for line := range strings.Lines(n.params.Canonical) {
		b.WriteString("with ")
		b.WriteString(line)
	}
	if n.Kind.Draws {
		fmt.Fprintf(&b, "seed %d\n", n.Seed)
	}
	if n.Kind.Numeric {
		fmt.Fprintf(&b, "backend %q\n", backend)
	}
	for _, s := range sources {
		fmt.Fprintf(&b, "source %q %s\n", s.Name, s.Digest)
	}
	for _, in := range n.Inputs {
		if in.Gathered {
			fmt.Fprintf(&b, "gather %q %d\n", in.Name, len(in.From))
		}
		for _, from := range in.From {
			if in.Gathered {
				fmt.Fprintf(&b, "cell %s %s\n", gatheredAxes(from), artifact(from))
			} else {
				fmt.Fprintf(&b, "need %q %s\n", in.Name, artifact(from))
			}
		}
	}
	return b.String()
}

// gatheredAxes writes the coordinates of a gathered cell; "[]" when it has none.
func gatheredAxes(n *Node) string {
	if len(n.Axes) == 0 {
		return "[]"
	}
	return AxesText(n.Axes)
}
