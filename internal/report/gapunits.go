package report

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"foil/internal/artifact"
	"foil/internal/stats"
)

// groups numbers groups of users or images by their names, which are values of an attribute.
type groups struct {
	number map[string]int32
	names  []string
}

func (g *groups) of(name string) int32 {
	n, ok := g.number[name]
	if !ok {
		name = strings.Clone(name) // not the bytes of a file
		n = int32(len(g.names))
		if g.number == nil {
			g.number = map[string]int32{}
		}
		g.number[name] = n
		g.names = append(g.names, name)
	}
	return n
}

// A gapFound is what the outcomes of a stage have of a gap.
type gapFound struct {
	attributes []string // of all units; without those that tell each unit apart
	groups     []string // of the gap's attribute
	found      bool     // some cell has the attribute
	without    int      // cells whose outcomes do not have it
	noGroup    int      // units without a value, at most in one cell
}

func (s *stage) gapFound(id series) *gapFound {
	if s.gaps == nil {
		s.gaps = map[series]*gapFound{}
	}
	if s.gaps[id] == nil {
		s.gaps[id] = &gapFound{}
	}
	return s.gaps[id]
}

// inGroups gives the units of a metric their groups, as classes. Units that belong to none are left
// out.
func (s *stage) inGroups(o *artifact.Outcomes, id series, v artifact.UnitValues) (in artifact.UnitValues, err error) {
	if v.Class != nil {
		return in, fmt.Errorf("%s is a mean over classes, which has no gap between groups; use a metric that is a plain mean", id.whole())
	}
	found := s.gapFound(id)
	values := textsOf(o, id.Gap.Attribute)
	for _, a := range o.Attributes {
		if name := clean(a.Name); a.Name != o.IDAttribute() && !slices.Contains(found.attributes, name) {
			found.attributes = append(found.attributes, strings.Clone(name))
		}
	}
	if values == nil {
		found.without++
		return in, nil
	}
	found.found = true
	noGroup := 0
	for i, row := range unitRows(o, id, v.Unit) {
		name := values(row)
		switch {
		case name == "":
			noGroup++
			continue
		case !slices.Contains(found.groups, name):
			found.groups = append(found.groups, strings.Clone(name))
		}
		if id.Gap.signed() && name != id.Gap.Of && name != id.Gap.Minus {
			continue
		}
		in.Unit, in.Value, in.Class = append(in.Unit, v.Unit[i]), append(in.Value, v.Value[i]), append(in.Class, s.groups.of(name))
	}
	found.noGroup = max(found.noGroup, noGroup)
	in.Unit, in.Class = s.kept.numbers.one(in.Unit), s.kept.numbers.one(in.Class)
	return in, nil
}

// textsOf are the values of an attribute by row, or of a column of numbers; nil: there is none. The
// attribute that identifies units makes no groups.
func textsOf(o *artifact.Outcomes, name string) func(row int) string {
	for _, a := range o.Attributes {
		if a.Name == name && name != o.IDAttribute() {
			return func(row int) string { return a.Values[row] }
		}
	}
	for i := range o.Series {
		if s := &o.Series[i]; s.Column() == name {
			return func(row int) string {
				if !finite(s.Values[row]) {
					return ""
				}
				return strconv.FormatFloat(s.Values[row], 'f', -1, 64)
			}
		}
	}
	return nil
}

// unitRows are the rows of some units in the split and at the checkpoint of a series. The units are in
// rising order.
func unitRows(o *artifact.Outcomes, id series, some []int32) []int {
	var rows []int
	start := 0
	for _, p := range o.Parts {
		end := start + p.Rows
		for i := start; i < end && p.Split == id.Split && p.Checkpoint == id.Checkpoint && len(rows) < len(some); i++ {
			if o.Units[i] == some[len(rows)] {
				rows = append(rows, i)
			}
		}
		start = end
	}
	return rows
}

// gapIn is the gap in a cell. ok is false if its outcomes do not have the groups.
func (s *stage) gapIn(c Cell, id series) (v float64, ok bool, err error) {
	u, ok, err := s.units(c, id)
	if err != nil || !ok {
		return 0, false, err
	}
	_, e := s.groups.gapOf([]block{{units: u}}, id.Gap, 0.95)
	return e.Value, finite(e.Value), nil
}

// gapOf is the gap between the units of some blocks, and its difference with the sign that was asked
// for.
func (g *groups) gapOf(blocks []block, asked gap, level float64) (stats.Gap, stats.Estimate) {
	sample, group, names := g.pooled(blocks)
	found := stats.GapOf(sample, group, level)
	return found, withSign(found, names, asked)
}

// pooled are the units of blocks, the number of the group of each, and the names of the groups. The
// numbers are by name, so that they do not depend on other groups of the report.
func (g *groups) pooled(blocks []block) (sample stats.Sample, group []int32, names []string) {
	sample = sampleOf(blocks)
	seen := map[int32]bool{}
	for _, number := range sample.Class {
		if !seen[number] {
			seen[number] = true
			names = append(names, g.names[number])
		}
	}
	slices.Sort(names)
	place := map[int32]int32{}
	for number := range seen {
		i, _ := slices.BinarySearch(names, g.names[number])
		place[number] = int32(i)
	}
	group = make([]int32, len(sample.Class))
	for i, number := range sample.Class {
		group[i] = place[number]
	}
	sample.Class = nil
	return sample, group, names
}

// withSign is the difference of a gap, with the sign that was asked for.
func withSign(found stats.Gap, names []string, asked gap) stats.Estimate {
	e := found.Difference
	if asked.signed() && found.Largest >= 0 && names[found.Largest] != asked.Of {
		e.Value, e.Low, e.High = 0-e.Value, -e.High, -e.Low
	}
	return e
}

// pooledGap is the gap over all units of some blocks, with its confidence interval.
func (s *stage) pooledGap(blocks []block, id series, level float64) *Pooled {
	found, e := s.groups.gapOf(blocks, id.Gap, level)
	e.N, e.Units = found.N, found.Units // of all groups
	return &Pooled{Estimate: e, Unit: blocks[0].units.kind, Level: level}
}

// checkGap returns an error if no cell of a stage can have the gap. It reads the outcomes of all
// cells.
func (s *stage) checkGap(id series) error {
	if id.Gap == (gap{}) {
		return nil
	}
	outcomes, some := false, false
	for i, c := range s.cells {
		if _, ready := s.ahead.ready[c.Digest]; s.outcomes[c.Digest] == nil && !ready {
			s.readTogether(s.cells[i:])
		}
		outcomes = outcomes || c.Outcomes != nil
		_, ok, err := s.gapIn(c, id)
		if err != nil {
			return err
		}
		some = some || ok
	}
	found := s.gapFound(id)
	switch {
	case some || len(s.cells) == 0:
		return nil
	case !outcomes:
		return fmt.Errorf("%s has no outcomes of users or images, which a gap is computed from", s.name)
	case !found.found && found.without == 0:
		return fmt.Errorf("%s has no outcomes of %s, which a gap is computed from", s.name, id.whole())
	case !found.found && len(found.attributes) == 0:
		return fmt.Errorf("the outcomes of %s have no attribute %q; they have none that makes groups", s.name, id.Gap.Attribute)
	case !found.found:
		return fmt.Errorf("the outcomes of %s have no attribute %q%s; they have %s", s.name, id.Gap.Attribute,
			didYouMean(id.Gap.Attribute, found.attributes), strings.Join(found.attributes, ", "))
	}
	slices.Sort(found.groups)
	for _, name := range []string{id.Gap.Of, id.Gap.Minus} {
		if name != "" && !slices.Contains(found.groups, name) {
			return fmt.Errorf("the outcomes of %s have no group %s=%s%s; its groups are %s", s.name, id.Gap.Attribute, name,
				didYouMean(name, found.groups), listGroups(cleanAll(found.groups)))
		}
	}
	if len(found.groups) < 2 {
		return fmt.Errorf("the outcomes of %s have fewer than two groups of %s: %s", s.name, id.Gap.Attribute, listGroups(cleanAll(found.groups)))
	}
	return errors.New("no cell of " + s.name + " has two groups of " + id.Gap.Attribute + " with a finite mean")
}

// checkGaps reports gaps that were announced and that no cell can have.
func (s *sources) checkGaps() error {
	for _, stage := range s.stages {
		for _, id := range stage.needed {
			if err := stage.checkGap(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// listGroups lists names of groups.
func listGroups(names []string) string {
	const most = 12
	if len(names) == 0 {
		return "none"
	}
	if len(names) > most {
		names = append(names[:most:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}

// listOf lists what there is of a metric: its groups, if a group of users or images was asked for that is
// none of them, and otherwise all series.
func listOf(want Selector, named []series) string {
	var names []string
	for _, m := range named {
		switch {
		case m.Group == want.Group:
			return listSeries(named)
		case strings.Contains(m.Group, "=") && !slices.Contains(names, m.Group):
			names = append(names, m.Group)
		}
	}
	switch {
	case !strings.Contains(want.Group, "="):
		return listSeries(named)
	case len(names) == 0:
		return "no groups of " + want.Metric
	}
	return "the groups " + listGroups(cleanAll(names))
}
