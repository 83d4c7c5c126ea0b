package report

import (
	"fmt"
	"slices"
)

// A curve is one metric at all of its k.
type curve struct {
	id series // with K 0
	ks []int  // rising
}

// findCurve returns the one curve that is meant.
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
	slices.Sort(ks[id])
	return curve{id, ks[id]}, err
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
