package history

import (
	"context"
	"slices"
	"sync"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
)

// A History holds the records of a cache.
type History struct {
	kinds map[string]*works
	of    map[digest.Key]*past
}

// works are the recorded works of a kind.
type works struct {
	all     []*past // latest first
	ofCells map[string][]*past

	texts survey // index of all works

	// The works by their program, for a kind with Program.
	once     sync.Once
	programs map[pipeline.Program]*works
}

// add adds a work. The latest one comes first.
func (w *works) add(p *past) {
	w.all = append(w.all, p)
	w.ofCells[p.record.Cell] = append(w.ofCells[p.record.Cell], p)
	w.texts.add(p.lines)
}

// works are the recorded works that a cell of a kind, with these lines, is compared with; nil: none.
func (h *History) works(kind *pipeline.Kind, lines digest.KeyLines) *works {
	w := h.kinds[kind.Name]
	if w == nil || kind.Program == nil {
		return w
	}
	w.once.Do(func() {
		w.programs = map[pipeline.Program]*works{}
		for _, p := range w.all {
			program := kind.Program(p.lines)
			if w.programs[program] == nil {
				w.programs[program] = newWorks()
			}
			w.programs[program].add(p)
		}
	})
	return w.programs[kind.Program(lines)]
}

func newWorks() *works { return &works{ofCells: map[string][]*past{}} }

// A past is a recorded work.
type past struct {
	record *store.Record
	lines  digest.KeyLines // sorted
}

// Read reads all records of a store. It skips records that cannot be read, or whose key text was
// written by a later version of foil.
func Read(ctx context.Context, s store.Store) (*History, error) {
	var records []*store.Record
	for r, err := range s.Records(ctx) {
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return New(records), nil
}

// New makes a History of records.
func New(records []*store.Record) *History {
	h := &History{kinds: map[string]*works{}, of: map[digest.Key]*past{}}
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b *store.Record) int { return b.Started.Compare(a.Started) })
	for _, r := range records {
		lines, err := r.KeyText.Lines()
		if err != nil {
			continue
		}
		w := h.kinds[r.Kind]
		if w == nil {
			w = newWorks()
			h.kinds[r.Kind] = w
		}
		lines = lines.Sorted()
		p := &past{r, lines}
		w.add(p)
		h.of[r.Key] = p
	}
	return h
}

// nearest returns the work of a kind that differs in the fewest lines. Among several, it
// prefers a record of the same cell, then the latest one. Work with another program does not count,
// unless it is another script in the same cell: then somebody has probably changed the script.
// It returns nil if there is no such record.
func (h *History) nearest(kind *pipeline.Kind, cell string, lines digest.KeyLines) *past {
	w := h.works(kind, lines)
	if w == nil {
		return h.nearestScript(kind, cell, lines)
	}
	near := w.texts.near(lines)
	if own, d := nearestOf(w.ofCells[cell], cell, lines); own != nil && d <= near.differ {
		return own
	}
	if i := near.first(); i >= 0 {
		return w.all[i]
	}
	p, _ := nearestOf(w.all[:min(len(w.all), compared)], cell, lines)
	return p
}

// nearestScript is the nearest work of a cell with the same program and any script.
func (h *History) nearestScript(kind *pipeline.Kind, cell string, lines digest.KeyLines) *past {
	w := h.kinds[kind.Name]
	if w == nil {
		return nil
	}
	name := kind.Program(lines).Name
	p, _ := nearestOf(slices.DeleteFunc(slices.Clone(w.ofCells[cell]), func(p *past) bool { return kind.Program(p.lines).Name != name }), cell, lines)
	return p
}

// compared is the number of works that are compared line by line, the latest ones, if the index
// finds none. With all of them, a plan of many cells after many others would take minutes.
const compared = 1000

// nearestOf compares with all works of a list, latest first. It also returns the number of
// different lines.
func nearestOf(list []*past, cell string, lines digest.KeyLines) (best *past, differ int) {
	for _, p := range list {
		d := distance(p.lines, lines)
		if best == nil || d < differ || d == differ && p.record.Cell == cell && best.record.Cell != cell {
			best, differ = p, d
		}
	}
	return best, differ
}

// distance is the number of lines in which two sorted texts differ.
func distance(a, b digest.KeyLines) (n int) {
	eachPair(a, b, func(old, now *digest.KeyLine) {
		if old == nil || now == nil || old.Value != now.Value {
			n++
		}
	})
	return n
}

// eachPair walks two sorted texts and pairs the lines with the same part and name.
func eachPair(a, b digest.KeyLines, f func(old, now *digest.KeyLine)) {
	for len(a) > 0 || len(b) > 0 {
		order := 0
		switch {
		case len(b) == 0:
			order = -1
		case len(a) == 0:
			order = 1
		default:
			order = a[0].Compare(b[0])
		}
		switch {
		case order < 0:
			f(&a[0], nil)
			a = a[1:]
		case order > 0:
			f(nil, &b[0])
			b = b[1:]
		default:
			f(&a[0], &b[0])
			a, b = a[1:], b[1:]
		}
	}
}
