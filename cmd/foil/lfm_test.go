package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// makeLFM is `lfm DIR`: it writes a tiny LFM-2b-100k into a folder. Of 92 users,
// 2 have no gender that counts and 2 no age; of 63 tracks, 3 have too few
// listeners for a 10-core.
func makeLFM(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lfm DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	for name, text := range lfmFiles() {
		ts.Check(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
}

func lfmFiles() map[string]string {
	r := rand.New(rand.NewPCG(1, 2))
	var users, tracks, plays strings.Builder
	for i := range 63 {
		fmt.Fprintf(&tracks, "Artist %d\tTrack %d\n", i/4, i)
	}
	for u := range 92 {
		gender, age := []string{"f", "m", "m", "m"}[r.IntN(4)], 12+r.IntN(60)
		switch u {
		case 10, 20:
			gender = "n"
		case 30:
			age = -1
		case 40:
			age = 110
		}
		fmt.Fprintf(&users, "%d\t%s\t%d\t%s\t2006-06-18 21:07:33\n", u, []string{"UK", "IT", "FI"}[u%3], age, gender)
		for i, track := range r.Perm(60)[:15+r.IntN(10)] {
			fmt.Fprintf(&plays, "%d\t%d\t%d\n", u, track, 1+i)
		}
		if u < 9 {
			fmt.Fprintf(&plays, "%d\t%d\t1\n", u, 60+u%3)
		}
	}
	return map[string]string{"user_data.tsv": users.String(), "tracks.tsv": tracks.String(), "inter.tsv": plays.String()}
}
