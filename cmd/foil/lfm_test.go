package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// makeLastFM is `lastfm DIR`: it writes a tiny Last.fm 360K into a folder, with the users of makeLFM.
// It has lines that do not count: of no user, of no artist, and one line twice.
func makeLastFM(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lastfm DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	lfm := lfmFiles()
	var profiles, plays strings.Builder
	for line := range strings.Lines(lfm["user_data.tsv"]) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t") // id, country, age, gender, time
		fmt.Fprintf(&profiles, "%040s\t%s\t%s\t%s\tFeb 1, 2007\n", f[0], strings.Trim(f[3], "n"), f[2], f[1])
	}
	for line := range strings.Lines(lfm["inter.tsv"]) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t") // user, track, plays
		mbid := fmt.Sprintf("a3cb23fc-acd3-4ce0-8f36-%012s", f[1])
		if len(f[1]) == 1 {
			mbid = ""
		}
		fmt.Fprintf(&plays, "%040s\t%s\tartist \"%s\xff\t%s\n", f[0], mbid, f[1], f[2])
	}
	first, _, _ := strings.Cut(plays.String(), "\n")
	plays.WriteString(first + "\nsep 20, 2008\t\tturbostaat\t12\n" + strings.Repeat("0", 40) + "\t\t\t3\n")
	for name, text := range map[string]string{"usersha1-profile.tsv": profiles.String(), "usersha1-artmbid-artname-plays.tsv": plays.String()} {
		ts.Check(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
}

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
