package report

import (
	"fmt"
	"math"

	"foil/internal/report/chart"
	"foil/spec"
)

// An AxisLayout is an axis of a figure: its label, its scale, and what it shows.
type AxisLayout struct {
	Label string `yaml:"label" required:"true"`
	Axis  string `yaml:"axis"`
	MetricChoice
	Better string   `yaml:"better" oneof:"higher,lower"`
	Scale  string   `yaml:"scale" oneof:"linear,log,symlog"`
	Linear *float64 `yaml:"linear" above:"0"`
}

// The scales of an axis.
const (
	linearScale = "linear"
	logScale    = "log"
	symlogScale = "symlog"
)

func newAxisLayout() AxisLayout { return AxisLayout{Scale: linearScale} }

var axisParams = &spec.Params[AxisLayout]{
	Defaults: newAxisLayout,
	Short:    "label",
	Docs: spec.Docs{
		"label":  "label of the axis",
		"axis":   "axis of the cells whose values it shows, such as lambda; they must be numbers",
		"better": "whether higher or lower values are better; required for fronts",
		"scale": "linear; log, for positive values only; or symlog, which is linear near zero and logarithmic beyond, " +
			"for axes that begin with 0",
		"linear": "end of the linear part of symlog; default: the smallest magnitude other than 0",
	},
	Nested: []spec.Described{metricChoiceParams},
}

// A MetricChoice selects a metric, or changes a part of such a selection.
type MetricChoice struct {
	From       string     `yaml:"from"`
	Metric     string     `yaml:"metric"`
	K          int        `yaml:"k" min:"0"`
	Group      string     `yaml:"group"`
	Gap        *GapLayout `yaml:"gap"`
	Split      string     `yaml:"split"`
	Checkpoint string     `yaml:"checkpoint"`
}

var metricChoiceParams = &spec.Params[MetricChoice]{
	Docs: spec.Docs{
		"from":       "gathered stage that has the metric, by its name under gather",
		"metric":     "name of the metric",
		"k":          "cut-off of a ranking metric, or epoch of a curve; required if the metric exists for several",
		"group":      groupDoc,
		"gap":        gapDoc,
		"split":      "part of the data, such as test; required if the metric exists for several parts",
		"checkpoint": "checkpoint, such as best or last; required if the metric exists for several checkpoints",
	},
	Nested: []spec.Described{gapParams},
}

// with is the choice with the fields that another one gives.
func (c MetricChoice) with(other MetricChoice) MetricChoice {
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&c.From, other.From}, {&c.Metric, other.Metric}, {&c.Group, other.Group},
		{&c.Split, other.Split}, {&c.Checkpoint, other.Checkpoint},
	} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if other.K != 0 {
		c.K = other.K
	}
	if other.Gap != nil {
		c.Gap = other.Gap
	}
	return c
}

// selector is the choice as a selector.
func (c MetricChoice) selector() Selector {
	return Selector{From: c.From, Metric: c.Metric, Group: c.Group, Gap: c.Gap, Split: c.Split, Checkpoint: c.Checkpoint}
}

func (a *AxisLayout) check(path string, over map[string]bool, report spec.Reporter) {
	switch {
	case a.Axis != "" && a.MetricChoice != (MetricChoice{}):
		report(path+".axis", "the axis of a figure shows an axis of the cells or a metric, not both")
	case over[a.Axis]:
		report(path+".axis", "axis %q is averaged over (see over), so it cannot be shown", a.Axis)
	}
	if a.Linear != nil && a.Scale != symlogScale {
		report(path+".linear", "only scale: symlog has a linear part, and scale is %s", a.Scale)
	}
}

// checkValue returns an error for a value that has no place on the scale. at tells where, after a space.
func (a *AxisLayout) checkValue(v float64, at string) error {
	if a.Scale != logScale || v > 0 {
		return nil
	}
	return fmt.Errorf("a logarithmic scale has positive values only, and %s has the value %s%s; "+
		"scale: symlog has a place for it, on a linear part near zero; or leave these cells out with where", clean(a.Label), shortest(v), at)
}

// drawn is the axis as it is drawn, for values of which some are numbers.
func (a *AxisLayout) drawn(values []float64) chart.Axis {
	d := chart.Axis{Label: clean(a.Label), Discrete: a.Axis != ""}
	switch a.Scale {
	case logScale:
		d.Scale = chart.Log
	case symlogScale:
		d.Scale, d.Linear = chart.SymLog, smallestMagnitude(values)
		if a.Linear != nil {
			d.Linear = *a.Linear
		}
	}
	return d
}

// smallestMagnitude is that of the values other than 0.
func smallestMagnitude(values []float64) float64 {
	least := math.Inf(1)
	for _, v := range values {
		if size := math.Abs(v); size > 0 && finite(v) {
			least = min(least, size)
		}
	}
	if math.IsInf(least, 1) {
		return 1
	}
	return least
}
