package history

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
)

// randomText has lines about a few things with a few values, so that many texts are
// equal or nearly so. Foreign texts have several lines about the same thing.
func randomText(r *rand.Rand, foreign bool) digest.KeyLines {
	var b strings.Builder
	for _, line := range []string{"foil key %d", `kind "k" version %d`, "with n = %d", "with m = %d", "seed %d", "backend %d", `need "a" %d`, `need "b" %d`} {
		for again := true; again; again = foreign && r.IntN(4) == 0 {
			if r.IntN(5) > 0 {
				fmt.Fprintf(&b, line+"\n", max(0, r.IntN(5)-2))
			}
		}
	}
	return readLines(digest.KeyText(b.String()))
}

// readLines reads the text of a key.
func readLines(text digest.KeyText) digest.KeyLines {
	lines, err := text.Lines()
	if err != nil {
		panic(err)
	}
	return lines
}

func randomRecords(r *rand.Rand, foreign bool) []*store.Record {
	records := make([]*store.Record, r.IntN(60))
	for i := range records {
		records[i] = &store.Record{
			Key: digest.KeyOf(fmt.Sprint(i)), KeyText: randomText(r, foreign).Text(), Kind: fmt.Sprint(r.IntN(2)), Cell: fmt.Sprint("cell", r.IntN(8)),
			Started: time.Unix(int64(r.IntN(20)), 0), WallSeconds: float64(r.IntN(50)),
		}
	}
	return records
}

// plainNearest is a direct implementation of nearest's definition.
func plainNearest(records []*store.Record, kind, cell string, lines digest.KeyLines) (best *store.Record, differ int) {
	for _, r := range records {
		if r.Kind != kind {
			continue
		}
		d := distance(readLines(r.KeyText).Sorted(), lines)
		if best == nil || cmp.Or(
			cmp.Compare(differ, d),
			compareBool(r.Cell == cell, best.Cell == cell),
			r.Started.Compare(best.Started),
		) > 0 {
			best, differ = r, d
		}
	}
	return best, differ
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func TestHistoryAnswersAsAComparisonWithAllRecordsDoes(t *testing.T) {
	distances := map[int]int{}
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 7))
		foreign := seed%3 == 0
		records := randomRecords(r, foreign)
		h := New(records)
		for range 40 {
			kind, cell, lines := fmt.Sprint(r.IntN(3)), fmt.Sprint("cell", r.IntN(10)), randomQuery(r, records, foreign)
			if d := distance(lines, lines); d != 0 {
				t.Fatalf("seed %d: %s differs from itself in %d lines", seed, lines, d)
			}
			want, d := plainNearest(records, kind, cell, lines)
			var got *store.Record
			if near := h.nearest(&pipeline.Kind{Name: kind}, cell, lines); near != nil {
				got = near.record
			}
			if got != want {
				t.Fatalf("seed %d: nearest to %s %v is\n%+v, want\n%+v", seed, cell, lines, got, want)
			}
			if want != nil {
				distances[min(d, 3)]++
			}
		}
	}
	for d := range 4 {
		if distances[d] < 100 {
			t.Errorf("only %d were at a distance of %d: %v", distances[d], d, distances)
		}
	}
}

// A record whose key text has words of a later version is of no use here, and no error.
func TestKeyTextsOfALaterVersionAreSkipped(t *testing.T) {
	known := digest.NewKeyLines("a", 1)
	later := &store.Record{Kind: "a", KeyText: known.Text() + "wish x = 1\n", WallSeconds: 7}
	later.Key = later.KeyText.Key()
	h := New([]*store.Record{later})
	if h.nearest(&pipeline.Kind{Name: "a"}, "", known) != nil || h.of[later.Key] != nil {
		t.Error("it was read")
	}
}

// randomQuery is a random text, or that of a record with a few lines of a random one,
// and sometimes a few that are in no record.
func randomQuery(r *rand.Rand, records []*store.Record, foreign bool) digest.KeyLines {
	other := randomText(r, foreign).Sorted()
	if len(records) == 0 || r.IntN(4) == 0 {
		return other
	}
	lines := readLines(records[r.IntN(len(records))].KeyText).Sorted()
	for range r.IntN(4) {
		switch i := r.IntN(len(lines) + 1); {
		case r.IntN(2) == 0 && i < len(lines):
			lines = slices.Delete(lines, i, i+1)
		case len(other) > 0:
			l := other[r.IntN(len(other))]
			if !foreign {
				lines = slices.DeleteFunc(lines, func(old digest.KeyLine) bool { return old.Compare(l) == 0 })
			}
			lines = append(lines, l)
		}
	}
	if r.IntN(3) == 0 {
		for range r.IntN(4) {
			if len(lines) > 0 {
				lines[r.IntN(len(lines))].Value = "new"
			}
		}
	}
	slices.SortFunc(lines, digest.KeyLine.Compare)
	return lines
}

// What a text's neighbours are is told for each way to differ in a line.
func TestNeighboursDifferInOneLine(t *testing.T) {
	texts := []string{
		0: "seed 1\nwith a = 1\nwith b = 1\n",
		1: "seed 2\nwith a = 1\nwith b = 1\n",
		2: "with a = 1\nwith b = 1\n",
		3: "seed 1\nwith a = 1\nwith b = 1\nwith c = 1\n",
		4: "seed 1\nwith a = 1\nwith c = 1\n",
		5: "seed 1\nwith a = 1\nwith b = 1\n",
		6: "",
	}
	x := newNeighbours()
	for i, text := range texts {
		x.add(int32(i), nthLines(readLines(digest.KeyText(text)).Sorted()))
	}
	for text, want := range map[string]string{
		texts[0]:                              "0: [0 5]",
		"seed 3\nwith a = 1\nwith b = 1\n":    "1: [0 1 2 5]",
		"seed 1\nwith a = 1\n":                "1: [0 4 5]",
		"seed 2\nwith a = 1\nwith c = 1\n":    "1: [4]",
		"backend 1\nwith a = 1\nwith b = 1\n": "1: [2]",
		"seed 5\n":                            "1: [6]",
		"seed 2\nwith a = 2\nwith b = 1\n":    "1: [1]",
		"seed 2\nwith a = 2\nwith b = 2\n":    "2: []",
		texts[6]:                              "0: [6]",
	} {
		lists, differ := x.near(nthLines(readLines(digest.KeyText(text)).Sorted()))
		var found []int32
		for _, list := range lists {
			found = slices.AppendSeq(found, x.texts(list))
		}
		slices.Sort(found)
		if got := fmt.Sprintf("%d: %v", differ, found); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
