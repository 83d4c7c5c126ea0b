package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
)

// counts360k are the sizes of a made-up Last.fm 360K.
type counts360k struct{ users, lines, withMBID, withoutMBID int }

// published360k are the counts in the README of the published data.
var published360k = counts360k{users: 359_347, lines: 17_559_530, withMBID: 186_642, withoutMBID: 107_373}

func (c counts360k) write(dir string, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	artists := c.withMBID + c.withoutMBID
	lines, err := spread(r, c.lines, c.users, 1, min(2*c.lines/c.users, artists/4))
	if err != nil {
		return err
	}
	name := func(u int) string { return fmt.Sprintf("%040x", uint64(u)*0x9e3779b97f4a7c15) }
	return errors.Join(
		writeFile(dir, "usersha1-profile.tsv", func(w io.Writer) {
			for u := range c.users {
				age := fmt.Sprint(min(max(int(math.Round(23*math.Exp(0.3*r.NormFloat64()))), 10), 90))
				switch r.IntN(50) {
				case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9:
					age = ""
				case 10:
					age = []string{"-1337", "0", "1002", "109"}[r.IntN(4)]
				}
				gender := []string{"m", "m", "m", "m", "m", "m", "f", "f", "f", ""}[r.IntN(10)]
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\tFeb 1, 2007\n", name(u), gender, age, countryName(r))
			}
		}),
		writeFile(dir, "usersha1-artmbid-artname-plays.tsv", func(w io.Writer) {
			stamp := make([]int, artists) // the last user with the artist, from 1
			for u, n := range lines {
				for n > 0 {
					a := int(math.Pow(r.Float64(), 4) * float64(artists))
					if stamp[a] == u+1 {
						continue
					}
					stamp[a] = u + 1
					n--
					mbid := ""
					if a < c.withMBID {
						mbid = fmt.Sprintf("%08x-3905-4f3a-97e2-%012x", a, a)
					}
					fmt.Fprintf(w, "%s\t%s\tan artist %d\t%d\n", name(u), mbid, a, 1+int(math.Exp(5+r.NormFloat64())))
				}
			}
		}),
	)
}

func countryName(r *rand.Rand) string {
	names := []string{"United States", "Germany", "United Kingdom", "Poland", "Brazil", "Russian Federation", "Finland", "Spain", "Sweden", "Turkey", "Canada", "Netherlands", "Côte D'Ivoire", "Antarctica"}
	return names[min(int(r.ExpFloat64()*4), len(names)-1)]
}
