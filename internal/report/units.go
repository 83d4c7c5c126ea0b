package report

import (
	"fmt"
	"math"
	"slices"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/stats"
)

// Units are the values of a metric in one cell, one for each user or image. If they have ids, their
// numbers are those of the ids, which are the same in all cells; each fold numbers its own users.
type units struct {
	artifact.UnitValues
	kind       string   // user, image or unit
	rows       []int32  // the numbers in the cell, where ids give other ones; otherwise nil
	attributes string   // the names of the texts about the units
	who        []uint64 // by unit: a hash of these texts
}

// need announces series whose units will be asked for, so that each file is read once.
func (s *stage) need(id series) {
	if !slices.Contains(s.needed, id) {
		s.needed = append(s.needed, id)
	}
}

// units returns the units behind a metric of a cell. ok is false if the cell has none. They are read
// when they are first asked for.
func (s *stage) units(c Cell, id series) (u units, ok bool, err error) {
	if c.Outcomes == nil {
		return u, false, nil
	}
	if _, read := s.outcomes[c.Digest][id]; !read {
		s.need(id)
		if err := s.readUnits(c); err != nil {
			return u, false, err
		}
	}
	u = s.outcomes[c.Digest][id]
	return u, len(u.Unit) > 0, nil
}

// readUnits reads the units of all needed series in a cell. It copies them, because the file holds
// more: other cut-offs, splits and checkpoints.
func (s *stage) readUnits(c Cell) error {
	o, err := s.ahead.take(c)
	if err != nil {
		return fmt.Errorf("%s%s: %w", s.name, bracketed(c.Axes), err)
	}
	all := map[series]units{}
	known := aboutUnits{outcomes: o, identities: s.identities, shared: s.kept}
	for _, id := range s.needed {
		all[id] = units{}
		v, found := o.Of(id.Name, id.K, id.Group, id.Split, id.Checkpoint)
		want, has, err := s.get(c, id.whole())
		if err != nil {
			return err
		}
		if !found || !has || !finite(want) {
			continue
		}
		v = artifact.UnitValues{Unit: s.kept.numbers.one(v.Unit), Value: slices.Clone(v.Value), Class: s.kept.numbers.one(v.Class)}
		if mean := v.Mean(); math.Abs(mean-want) > rounding*max(1, math.Abs(want)) {
			return fmt.Errorf("%s%s: %s is %s, but the mean of its outcomes is %s; a metric must be the mean of the outcomes with its name",
				s.name, bracketed(c.Axes), id.whole(), shortest(want), shortest(mean))
		}
		if id.Gap != (gap{}) {
			if v, err = s.inGroups(o, id, v); err != nil {
				return fmt.Errorf("%s%s: %w", s.name, bracketed(c.Axes), err)
			}
		}
		all[id] = known.identify(id, v)
	}
	if s.outcomes == nil {
		s.outcomes = map[digest.Digest]map[series]units{}
	}
	s.outcomes[c.Digest] = all
	return nil
}

// rounding is by how much a metric may differ from the mean of its outcomes: a program may write it
// with few digits. The kinds of foil write all of them.
const rounding = 1e-4

// byRow are the units with their numbers in the cell, to be paired with units that have no ids.
func (u units) byRow() units {
	n := u.numbered(u.rows, nil)
	n.rows = nil
	return n
}

// A block is what the cells of a row have at one point of the axes that pairs are made by: several
// cells, if there are other axes to average over.
type block struct {
	key   string
	cells []Cell
	units units   // without units, where pairs are not made by them
	mean  float64 // of the cells
}

// blocks puts the origins of an entry together by the values of some axes.
func (s *stage) blocks(e Entry, id series, axes []string, byUnits bool) ([]block, error) {
	var all []block
	at := map[string]int{}
	for _, o := range e.Origins {
		key := point(o.Cell.Axes, axes)
		i, ok := at[key]
		if !ok {
			i = len(all)
			at[key] = i
			all = append(all, block{key: key})
		}
		b := &all[i]
		if slices.ContainsFunc(b.cells, func(c Cell) bool { return c.Digest == o.Cell.Digest }) {
			continue // the same output once more
		}
		b.cells = append(b.cells, o.Cell)
		b.mean += (o.Value - b.mean) / float64(len(b.cells))
	}
	if !byUnits {
		return all, nil
	}
	for i := range all {
		var of []units
		for _, c := range all[i].cells {
			u, _, err := s.units(c, id)
			if err != nil {
				return nil, err
			}
			of = append(of, u)
		}
		all[i].units = averaged(of)
	}
	return all, nil
}

// averaged is the mean of each unit over several cells.
func averaged(of []units) units {
	if len(of) == 1 {
		return of[0]
	}
	type sum struct {
		value float64
		n     int
		class int32
		who   uint64
		row   int32
	}
	sums := map[int32]sum{}
	for _, u := range of {
		for i, unit := range u.Unit {
			s := sums[unit]
			s.value += u.Value[i]
			s.n++
			if u.Class != nil {
				s.class = u.Class[i]
			}
			s.who = u.who[i]
			if u.rows != nil {
				s.row = u.rows[i]
			}
			sums[unit] = s
		}
	}
	mean := units{kind: of[0].kind, attributes: of[0].attributes}
	for unit := range sums {
		mean.Unit = append(mean.Unit, unit)
	}
	slices.Sort(mean.Unit)
	for _, unit := range mean.Unit {
		s := sums[unit]
		mean.Value, mean.who = append(mean.Value, s.value/float64(s.n)), append(mean.who, s.who)
		if of[0].rows != nil {
			mean.rows = append(mean.rows, s.row)
		}
		if of[0].Class != nil {
			mean.Class = append(mean.Class, s.class)
		}
	}
	return mean
}

// sampleOf pools the units of blocks.
func sampleOf(blocks []block) stats.Sample {
	n := 0
	for _, b := range blocks {
		n += len(b.units.Unit)
	}
	s := stats.Sample{Values: make([]float64, 0, n), Unit: make([]int32, 0, n), Block: make([]int32, 0, n)}
	for i, b := range blocks {
		s.Values = append(s.Values, b.units.Value...)
		s.Unit = append(s.Unit, b.units.Unit...)
		s.Class = append(s.Class, b.units.Class...)
		for range b.units.Unit {
			s.Block = append(s.Block, int32(i))
		}
	}
	return s
}

// pooled is the mean over all units of an entry, with its confidence interval.
func (s *stage) pooled(e Entry, id series, level float64) (*Pooled, error) {
	blocks, err := s.blocks(e, id, s.axes, true)
	if err != nil {
		return nil, err
	}
	blocks = once(blocks)
	if id.Gap != (gap{}) {
		return s.pooledGap(blocks, id, level), nil
	}
	return &Pooled{Estimate: sampleOf(blocks).Interval(level), Unit: blocks[0].units.kind, Level: level}, nil
}

// once leaves out blocks whose cells have the same outputs as those of an earlier one.
func once(blocks []block) []block {
	seen := map[string]bool{}
	return filter(blocks, func(b block) bool {
		key := digestsOf(b.cells)
		known := seen[key]
		seen[key] = true
		return !known
	})
}

// digestsOf is the same text for cells with the same outputs.
func digestsOf(cells []Cell) string {
	var all []string
	for _, c := range cells {
		all = append(all, c.Digest.String())
	}
	slices.Sort(all)
	return fmt.Sprint(all)
}

// hasUnits reports whether every cell of an entry has units of one kind, and which.
func (s *stage) hasUnits(e Entry, id series) (kind string, ok bool, err error) {
	for _, o := range e.Origins {
		u, ok, err := s.units(o.Cell, id)
		if err != nil || !ok || kind != "" && u.kind != kind {
			return "", false, err
		}
		kind = u.kind
	}
	return kind, kind != "", nil
}
