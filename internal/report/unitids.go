package report

import (
	"cmp"
	"slices"
	"strings"

	"foil/internal/artifact"
)

// Identities number units by their ids, in the order in which these are first asked for.
type identities struct {
	known map[string]map[string]int32 // by kind and id
	count int32
}

func (i *identities) number(kind, id string) int32 {
	if i.known == nil {
		i.known = map[string]map[string]int32{}
	}
	of := i.known[kind]
	if of == nil {
		of = map[string]int32{}
		i.known[kind] = of
	}
	n, ok := of[id]
	if !ok {
		n = i.count
		of[strings.Clone(id)] = n // not the bytes of a file
		i.count++
	}
	return n
}

// An aboutUnits tells who the units of one cell are. It looks at the texts about a unit once, for all
// series.
type aboutUnits struct {
	outcomes   *artifact.Outcomes
	identities *identities
	shared     *sharedUnits

	parts map[artifact.OutcomePart]*partUnits // without their numbers of rows
}

// A partUnits is what is known about the rows of a part.
type partUnits struct {
	units  []int32
	who    []uint64 // a hash of the texts, apart from the ids
	ids    []string // nil: a row of the outcomes has none
	number []int32  // of the ids; -1: not asked for yet
}

// identify completes the values of a series.
func (a *aboutUnits) identify(id series, v artifact.UnitValues) units {
	names, texts, ids := a.columns()
	u := units{UnitValues: v, kind: a.outcomes.Unit, attributes: names, who: make([]uint64, len(v.Unit))}
	p := a.part(id.Split, id.Checkpoint, texts, ids)
	numbers := make([]int32, len(v.Unit))
	row := 0
	for i, unit := range v.Unit { // both are in rising order
		for p.units[row] != unit {
			row++
		}
		u.who[i] = p.who[row]
		if p.ids != nil {
			if p.number[row] < 0 {
				p.number[row] = a.identities.number(u.kind, p.ids[row])
			}
			numbers[i] = p.number[row]
		}
	}
	u.who = a.shared.hashes.one(u.who)
	if p.ids == nil {
		return u
	}
	return u.numbered(numbers, a.shared)
}

// columns are the attributes apart from the ids, and their names. ids is nil if one is missing.
func (a *aboutUnits) columns() (names string, texts []artifact.OutcomeAttribute, ids []string) {
	for _, c := range a.outcomes.Attributes {
		switch {
		case c.Name != a.outcomes.IDAttribute():
			texts = append(texts, c)
		case !slices.Contains(c.Values, ""):
			ids = c.Values
		}
	}
	slices.SortFunc(texts, func(a, b artifact.OutcomeAttribute) int { return cmp.Compare(a.Name, b.Name) })
	var all []string
	for _, c := range texts {
		all = append(all, clean(c.Name))
	}
	return strings.Join(all, ", "), texts, ids
}

func (a *aboutUnits) part(split, checkpoint string, texts []artifact.OutcomeAttribute, ids []string) *partUnits {
	want := artifact.OutcomePart{Split: split, Checkpoint: checkpoint}
	if p, ok := a.parts[want]; ok {
		return p
	}
	start, rows := 0, 0
	for _, p := range a.outcomes.Parts {
		if p.Split == split && p.Checkpoint == checkpoint {
			rows = p.Rows
			break
		}
		start += p.Rows
	}
	end := start + rows
	p := &partUnits{units: a.outcomes.Units[start:end], who: make([]uint64, rows)}
	for i := range p.who {
		p.who[i] = fnvBasis
	}
	for _, c := range texts {
		for i, text := range c.Values[start:end] {
			p.who[i] = addText(p.who[i], text)
		}
	}
	if ids != nil {
		p.ids, p.number = ids[start:end], slices.Repeat([]int32{-1}, rows)
	}
	if a.parts == nil {
		a.parts = map[artifact.OutcomePart]*partUnits{}
	}
	a.parts[want] = p
	return p
}

// The hash is FNV-1a.
const fnvBasis, fnvPrime uint64 = 14695981039346656037, 1099511628211

// addText adds a text and its end to a hash.
func addText(h uint64, text string) uint64 {
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * fnvPrime
	}
	return h * fnvPrime
}

// numbered gives units other numbers, and sorts them by these. The result may share memory with
// other units; shared may be nil.
func (u units) numbered(numbers []int32, shared *sharedUnits) units {
	n := units{kind: u.kind, attributes: u.attributes}
	if slices.IsSorted(numbers) {
		n.UnitValues, n.who, n.rows, n.Unit = u.UnitValues, u.who, u.Unit, numbers
	} else {
		order := make([]int, len(numbers))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(numbers[i], numbers[j]) })
		n.Unit, n.rows, n.Value, n.who = ordered(numbers, order), ordered(u.Unit, order), ordered(u.Value, order), ordered(u.who, order)
		if u.Class != nil {
			n.Class = ordered(u.Class, order)
		}
	}
	if shared != nil {
		n.Unit, n.rows, n.Class = shared.numbers.one(n.Unit), shared.numbers.one(n.rows), shared.numbers.one(n.Class)
		n.who = shared.hashes.one(n.who)
	}
	return n
}

func ordered[T any](from []T, order []int) []T {
	out := make([]T, len(order))
	for i, k := range order {
		out[i] = from[k]
	}
	return out
}

// sharedUnits keep one copy of what many cells have in common: those of a fold test the same units.
type sharedUnits struct {
	numbers copies[int32]
	hashes  copies[uint64]
}

// copies are slices by their hashes.
type copies[T int32 | uint64] map[uint64][][]T

// one is a copy of the values that all slices with these values share.
func (c *copies[T]) one(values []T) []T {
	if values == nil {
		return nil
	}
	h := fnvBasis
	for _, v := range values {
		h = (h ^ uint64(v)) * fnvPrime
	}
	for _, known := range (*c)[h] {
		if slices.Equal(known, values) {
			return known
		}
	}
	if *c == nil {
		*c = copies[T]{}
	}
	own := slices.Clone(values)
	(*c)[h] = append((*c)[h], own)
	return own
}
