package report

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"foil/internal/artifact"
)

// A series identifies one metric across cells: everything but the value.
type series struct {
	Name                     string
	K                        int
	Group, Split, Checkpoint string
	Gap                      gap // the gap between groups of the units of the metric, in place of its value
}

func seriesOf(m artifact.Metric) series {
	return series{Name: m.Name, K: m.K, Group: m.Group, Split: m.Split, Checkpoint: m.Checkpoint}
}

func (s series) String() string {
	parts := []string{s.Name}
	if s.K != 0 {
		parts[0] += "@" + strconv.Itoa(s.K)
	}
	for _, f := range [][2]string{{"group", s.Group}, {"split", s.Split}, {"checkpoint", s.Checkpoint}} {
		if f[1] != "" {
			parts = append(parts, f[0]+"="+f[1])
		}
	}
	if s.Gap != (gap{}) {
		parts = append(parts, s.Gap.String())
	}
	return clean(strings.Join(parts, " "))
}

// allSeries lists the series that the cells of a stage hold, in the order of the files.
func (s *stage) allSeries() []series {
	var all []series
	seen := map[series]bool{}
	for _, c := range s.cells {
		for _, m := range c.Metrics {
			if id := seriesOf(m); !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	return all
}

// series is the series of a selector at some k.
func (s Selector) series(k int) series {
	return series{Name: s.Metric, K: k, Group: s.Group, Split: s.Split, Checkpoint: s.Checkpoint, Gap: s.Gap.gap()}
}

// fits reports whether the selector asks for a series. It ignores k.
func (s Selector) fits(m series) bool {
	return m.Name == s.Metric && m.Group == s.Group &&
		(s.Split == "" || m.Split == s.Split) && (s.Checkpoint == "" || m.Checkpoint == s.Checkpoint)
}

// find returns the one series that the selector fits at k; k 0 is any.
func (s *stage) find(want Selector, k int) (series, error) {
	named, err := s.called(want.Metric)
	if err != nil {
		return series{}, err
	}
	id, err := s.only(want, k, named, filter(named, func(m series) bool { return want.fits(m) && (k == 0 || m.K == k) }))
	id.Gap = want.Gap.gap()
	return id, err
}

// only returns the one match, or an error that lists what the stage has.
func (s *stage) only(want Selector, k int, named, matches []series) (series, error) {
	switch len(matches) {
	case 0:
		return series{}, fmt.Errorf("%s has no %s%s; it has %s", s.name, want.series(k), nearestField(want, named), listOf(want, named))
	case 1:
		return matches[0], nil
	}
	return series{}, fmt.Errorf("%s fits %d metrics of %s: %s; say which with %s",
		want.Metric, len(matches), s.name, listSeries(matches), strings.Join(differing(matches), ", "))
}

// findBaseline returns the series of a baseline: in the group of the column's series, and of the
// same cut-off, split and checkpoint where it has any (most baselines need no weights).
func (s *stage) findBaseline(b Baseline, of series) (series, error) {
	named, err := s.called(b.Metric)
	if err != nil {
		return series{}, err
	}
	best, most := []series(nil), -1
	for _, m := range named {
		if m.Group != of.Group {
			continue
		}
		exact, fits := 0, true
		for _, same := range []struct{ equal, none bool }{
			{m.K == of.K, m.K == 0},
			{m.Split == of.Split, m.Split == ""},
			{m.Checkpoint == of.Checkpoint, m.Checkpoint == ""},
		} {
			if same.equal {
				exact++
			}
			fits = fits && (same.equal || same.none)
		}
		switch {
		case !fits || exact < most:
		case exact > most:
			best, most = []series{m}, exact
		default:
			best = append(best, m)
		}
	}
	switch len(best) {
	case 0:
		return series{}, fmt.Errorf("%s has no %s beside %s; it has %s", s.name, b.Metric, of, listSeries(named))
	case 1:
		return best[0], nil
	}
	return series{}, fmt.Errorf("%s fits %d metrics beside %s: %s", b.Metric, len(best), of, listSeries(best))
}

// called lists the series of a metric.
func (s *stage) called(name string) ([]series, error) {
	all := s.allSeries()
	named := filter(all, func(m series) bool { return m.Name == name })
	if len(named) > 0 {
		return named, nil
	}
	var names []string
	for _, m := range all {
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no metrics", s.name)
	}
	return nil, fmt.Errorf("%s has no metric %q%s; it has %s", s.name, name, didYouMean(name, names), strings.Join(names, ", "))
}

// get returns the value of a series in a cell.
func (s *stage) get(c Cell, id series) (v float64, ok bool, err error) {
	if id.Gap != (gap{}) {
		return s.gapIn(c, id)
	}
	for _, m := range c.Metrics {
		if seriesOf(m) != id {
			continue
		}
		if ok {
			return 0, false, errors.New(s.name + bracketed(c.Axes) + " holds " + id.String() + " twice")
		}
		v, ok = m.Value, true
	}
	return v, ok, nil
}

// nearestField suggests the group, split or checkpoint that was probably intended.
func nearestField(c Selector, have []series) string {
	for _, f := range []struct {
		want string
		of   func(series) string
	}{
		{c.Group, func(m series) string { return m.Group }},
		{c.Split, func(m series) string { return m.Split }},
		{c.Checkpoint, func(m series) string { return m.Checkpoint }},
	} {
		var names []string
		for _, m := range have {
			names = append(names, f.of(m))
		}
		if f.want != "" && !slices.Contains(names, f.want) {
			return didYouMean(f.want, names)
		}
	}
	return ""
}

// differing names the fields in which the matches differ.
func differing(matches []series) []string {
	var fields []string
	for _, f := range []struct {
		name string
		of   func(series) string
	}{
		{"k", func(m series) string { return strconv.Itoa(m.K) }},
		{"split", func(m series) string { return m.Split }},
		{"checkpoint", func(m series) string { return m.Checkpoint }},
	} {
		if slices.ContainsFunc(matches, func(m series) bool { return f.of(m) != f.of(matches[0]) }) {
			fields = append(fields, f.name)
		}
	}
	return fields
}

func listSeries(all []series) string {
	parts := make([]string, len(all))
	for i, m := range all {
		parts[i] = m.String()
	}
	return strings.Join(parts, "; ")
}

// A curve is one metric at all of its k.
type curve struct {
	id series // with K 0
	ks []int  // rising
}

// findCurve returns the one curve that the selector fits.
func (s *stage) findCurve(want Selector) (curve, error) {
	named, err := s.called(want.Metric)
	if err != nil {
		return curve{}, err
	}
	fitting := filter(named, want.fits)
	var curves []series
	ks := map[series][]int{}
	for _, m := range fitting {
		k := m.K
		m.K = 0
		if k == 0 {
			continue
		}
		if ks[m] == nil {
			curves = append(curves, m)
		}
		ks[m] = append(ks[m], k)
	}
	if len(fitting) > 0 && len(curves) == 0 {
		return curve{}, fmt.Errorf("%s of %s is a single number without a k, so there is no curve to draw; report/table shows such", listSeries(fitting), s.name)
	}
	id, err := s.only(want, 0, apartFromK(named), curves)
	at := ks[id]
	slices.Sort(at)
	id.Gap = want.Gap.gap()
	return curve{id, at}, err
}

// apartFromK lists each series once, however many k it has.
func apartFromK(all []series) []series {
	var some []series
	for _, m := range all {
		m.K = 0
		if !slices.Contains(some, m) {
			some = append(some, m)
		}
	}
	return some
}
