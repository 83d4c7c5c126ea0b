package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// counts are the sizes of a made-up LFM-2b-100k: of the files, and of the core that is left of them
// after users without an age and the k-core filter.
type counts struct {
	men, women, tracks, pairs        int // in the files
	noAge                            int // users without a valid age; they are not in the core
	coreUsers, coreTracks, corePairs int
	k                                int // all users and tracks of the core have at least k pairs in it
}

// published are the counts of the published data.
var published = counts{
	men: 7_580, women: 1_784, tracks: 99_973, pairs: 1_820_900, noAge: 22,
	coreUsers: 8_663, coreTracks: 47_383, corePairs: 1_476_788, k: 10,
}

func (c counts) users() int { return c.men + c.women }

// A listener is a made-up user.
type listener struct {
	woman  bool
	age    int     // -1 is missing
	taste  float64 // what gender and age have to do with the tracks that the user plays
	tracks map[int32]bool
}

func (c counts) write(dir string, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 1))
	users := c.listeners(r)
	if err := c.play(r, users); err != nil {
		return err
	}
	// Neither the users nor the tracks of the core stand together in the published files.
	id, line := r.Perm(len(users)), r.Perm(c.tracks)
	at := make([]int, len(users))
	for u, i := range id {
		at[i] = u
	}
	return errors.Join(
		writeFile(dir, "user_data.tsv", func(w io.Writer) {
			for i, u := range at {
				fmt.Fprintf(w, "%d\t%s\t%d\t%s\t2006-06-18 21:07:33\n", i, country(r), users[u].age, users[u].gender())
			}
		}),
		writeFile(dir, "tracks.tsv", func(w io.Writer) {
			for i := range c.tracks {
				fmt.Fprintf(w, "Artist of Some Name %d\tTitle of a Track %d\n", r.IntN(max(c.tracks/10, 1)), i)
			}
		}),
		writeFile(dir, "inter.tsv", func(w io.Writer) {
			for i, u := range at {
				lines := make([]int, 0, len(users[u].tracks))
				for t := range users[u].tracks {
					lines = append(lines, line[t])
				}
				slices.Sort(lines)
				for _, t := range lines {
					fmt.Fprintf(w, "%d\t%d\t%d\n", i, t, 2+int(r.ExpFloat64()*5))
				}
			}
		}),
	)
}

// listeners makes up users. Those of the core come first, then those without an age.
func (c counts) listeners(r *rand.Rand) []listener {
	users := make([]listener, c.users())
	for i, u := range r.Perm(len(users)) {
		users[u].woman = i < c.women
	}
	for i := range users {
		u := &users[i]
		u.tracks = map[int32]bool{}
		u.age = min(max(int(math.Round(24*math.Exp(0.27*r.NormFloat64()))), 10), 100)
		if i >= c.coreUsers && i < c.coreUsers+c.noAge {
			u.age = -1
		}
		u.taste = float64(u.age-24) / 8
		if u.woman {
			u.taste += 1
		}
	}
	return users
}

func (u *listener) gender() string {
	if u.woman {
		return "f"
	}
	return "m"
}

// country draws one of the large countries; some are rare.
func country(r *rand.Rand) string {
	names := []string{"US", "RU", "DE", "UK", "PL", "BR", "FI", "NL", "ES", "SE", "UA", "CA", "FR", "AU", "NO", "IT", "CZ", "MX", "BE", "JP"}
	return names[min(int(r.ExpFloat64()*4), len(names)-1)]
}

// play gives every user tracks, so that the core is exactly what k-core filtering leaves: the other
// tracks have fewer than k listeners, and the other users with an age have fewer than k tracks of
// the core.
func (c counts) play(r *rand.Rand, users []listener) error {
	if err := c.playCore(r, users[:c.coreUsers]); err != nil {
		return err
	}
	others := users[c.coreUsers:]
	left := c.pairs - c.corePairs
	for i := range others {
		few := 1 + r.IntN(c.k-1)
		for len(others[i].tracks) < few {
			others[i].tracks[int32(r.IntN(c.coreTracks))] = true
		}
		left -= few
	}
	rare := c.tracks - c.coreTracks
	n, err := spread(r, left, rare, 1, c.k-1)
	if err != nil {
		return fmt.Errorf("the tracks outside of the core: %w", err)
	}
	for i, listeners := range n {
		for listeners > 0 {
			if u := users[r.IntN(len(users))].tracks; !u[int32(c.coreTracks+i)] {
				u[int32(c.coreTracks+i)] = true
				listeners--
			}
		}
	}
	return nil
}

// playCore first gives every track k listeners, and then fills up the users' numbers of tracks with
// popular tracks that match their taste.
func (c counts) playCore(r *rand.Rand, users []listener) error {
	most := c.coreTracks / 2
	if least := max(len(users), c.coreTracks) * c.k; c.corePairs < least || c.corePairs > len(users)*most {
		return fmt.Errorf("%d pairs of the core: from %d to %d are possible", c.corePairs, least, len(users)*most)
	}
	want := make([]float64, len(users))
	total := 0.0
	for i := range want {
		want[i] = math.Exp(0.9 * r.NormFloat64())
		total += want[i]
	}
	n := make([]int, len(users))
	left := c.corePairs
	for i := range n {
		n[i] = min(max(int(want[i]/total*float64(c.corePairs)), c.k), most)
		left -= n[i]
	}
	for left != 0 { // rounding, and the users with k
		i, step := r.IntN(len(n)), 1
		if left < 0 {
			step = -1
		}
		if m := n[i] + step; m >= c.k && m <= most {
			n[i], left = m, left-step
		}
	}
	// A slot is a pair that a user has yet to get.
	slots := make([]int32, 0, c.corePairs)
	for u, n := range n {
		for range n {
			slots = append(slots, int32(u))
		}
	}
	r.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
	for t := range int32(c.coreTracks) {
		for range c.k {
			at := len(slots) - 1
			for at >= 0 && users[slots[at]].tracks[t] {
				at--
			}
			if at < 0 {
				return fmt.Errorf("track %d of the core has no %d listeners left", t, c.k)
			}
			users[slots[at]].tracks[t] = true
			slots[at] = slots[len(slots)-1]
			slots = slots[:len(slots)-1]
		}
	}
	lean := make([]float64, c.coreTracks)
	for t := range lean {
		lean[t] = r.NormFloat64()
	}
	for _, u := range slots {
		for mine := users[u].tracks; ; {
			t := int32(math.Pow(r.Float64(), 3) * float64(c.coreTracks))
			if !mine[t] && r.Float64() < 1/(1+math.Exp(-lean[t]*users[u].taste)) {
				mine[t] = true
				break
			}
		}
	}
	return nil
}

// spread draws n numbers from least to most whose sum is total.
func spread(r *rand.Rand, total, n, least, most int) ([]int, error) {
	if total < n*least || total > n*most {
		return nil, fmt.Errorf("%d numbers from %d to %d cannot have the sum %d", n, least, most, total)
	}
	drawn := make([]int, n)
	for i := range drawn {
		drawn[i] = least + r.IntN(most-least+1)
		total -= drawn[i]
	}
	for total != 0 {
		i, step := r.IntN(n), 1
		if total < 0 {
			step = -1
		}
		if m := drawn[i] + step; m >= least && m <= most {
			drawn[i], total = m, total-step
		}
	}
	return drawn, nil
}

func writeFile(dir, name string, write func(io.Writer)) error {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	write(w)
	return errors.Join(w.Flush(), f.Close())
}
