package report

import "foil/spec"

// A GapLayout asks for the gap of a metric between groups of its users or images.
type GapLayout struct {
	Attribute string      `yaml:"attribute" required:"true"`
	Of        []spec.Text `yaml:"of"`
}

var gapParams = &spec.Params[GapLayout]{
	Short: "attribute",
	Docs: spec.Docs{
		"attribute": "attribute whose values are the groups, such as gender",
		"of": "two groups: the gap is the mean of the first one minus that of the second one, with its sign. " +
			"Default: the largest mean of all groups minus the smallest one.",
	},
	Check: (*GapLayout).check,
}

const (
	groupDoc = "attribute, group of users or attack that the metric belongs to, such as gender or gender=f; default: the metric without a group"
	gapDoc   = "attribute, such as gender: in place of the metric, its gap between the groups of users or images with the same value. " +
		"{attribute: gender, of: [m, f]} is the gap between two groups. The metric needs outcomes."
)

func (g *GapLayout) check(report spec.Reporter) {
	switch {
	case len(g.Of) == 0:
	case len(g.Of) != 2:
		report("of", "a gap is between two groups, not %d: the mean of the first one minus that of the second one", len(g.Of))
	case g.Of[0] == g.Of[1]:
		report("of[1]", "a gap is between two different groups, and both are %q", g.Of[0])
	case g.Of[0] == "" || g.Of[1] == "":
		report("of", "users without a value are no group; name a value of %s", g.Attribute)
	}
}

// checkNoBaselines refuses baselines of a gap: they have no groups.
func checkNoBaselines(c Column, path string, report spec.Reporter) {
	if c.Gap != nil && len(c.Baselines) > 0 {
		report(path+".baselines", "a gap has no baselines; it stands beside the gaps that chance makes")
	}
}

// A gap identifies a gap between groups. The zero value: there is none.
type gap struct {
	Attribute string
	Of, Minus string // two groups; empty: those with the largest and the smallest mean
}

// gap is what the layout asks for. Nil asks for none.
func (g *GapLayout) gap() gap {
	switch {
	case g == nil:
		return gap{}
	case len(g.Of) != 2: // none, or reported with the layout
		return gap{Attribute: g.Attribute}
	}
	return gap{g.Attribute, string(g.Of[0]), string(g.Of[1])}
}

// signed reports whether the gap is that of two groups.
func (g gap) signed() bool { return g.Of != "" }

func (g gap) String() string {
	if g.signed() {
		return "gap=" + g.Attribute + " (" + g.Of + " minus " + g.Minus + ")"
	}
	return "gap=" + g.Attribute
}

// whole is the series whose gap is asked for.
func (s series) whole() series {
	s.Gap = gap{}
	return s
}
