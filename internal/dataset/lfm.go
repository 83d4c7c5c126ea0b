package dataset

import (
	"bytes"
	"slices"
)

// The files of LFM-2b-100k: fields between tabs, no header, text in UTF-8.
const (
	LFMUsersFile  = "user_data.tsv" // userID, Country, Age, gender, creation_time
	LFMTracksFile = "tracks.tsv"    // artist, track; some copies have the artist's gender as a third field
	LFMPlaysFile  = "inter.tsv"     // userID, itemID, play count
)

// LFMFiles are the files to read a Packed with. Of the published ones, inter.tsv has two million
// lines of some 15 bytes, and the others are smaller.
func LFMFiles() []Member {
	return []Member{{LFMUsersFile, 32 << 20}, {LFMTracksFile, 64 << 20}, {LFMPlaysFile, 128 << 20}}
}

// LFM is the checked content of LFM-2b-100k: users sorted by id, tracks by line, and pairs of a
// user and a played track, sorted by user, then track, without repetitions. User ids in inter.tsv
// refer to user_data.tsv. The id of a track is the number of its line in tracks.tsv, from 0.
type LFM struct {
	Users       []LFMUser
	Tracks      []Track
	User, Track []int32 // of the pairs, as row numbers of Users and Tracks
}

// An LFMUser is a line of user_data.tsv. Users typed in countries and ages themselves. The authors
// of AdvXMultVAE filter them by a rule.
type LFMUser struct {
	ID      int32
	Country string // as in the file; "" is missing
	Age     int32  // as in the file; NoAge is missing
	Gender  string // m or f; "" is missing
}

// NoAge is the age of a user without an age.
const NoAge = -1

// A Track is a line of tracks.tsv.
type Track struct{ Artist, Title string }

// ParseLFM reads the three files.
func ParseLFM(raw Raw) (*LFM, error) {
	raw, err := raw.text(LFMFiles())
	if err != nil {
		return nil, err
	}
	users, err := parseLFMUsers(raw[LFMUsersFile])
	if err != nil {
		return nil, err
	}
	tracks, err := parseTracks(raw[LFMTracksFile])
	if err != nil {
		return nil, err
	}
	m := &LFM{Users: users, Tracks: tracks}
	m.User, m.Track, err = parsePlays(raw[LFMPlaysFile], users, len(tracks))
	return m, err
}

func parseLFMUsers(b []byte) ([]LFMUser, error) {
	l := newTabLines(LFMUsersFile, b, "userID, country, age, gender, creation time between tabs")
	users := make([]LFMUser, 0, min(countLines(b), maxID+1))
	seen := make(map[int]int)
	for l.next() {
		f, err := l.fields(5)
		if err != nil {
			return nil, err
		}
		id, err1 := l.number("user", f[0], 0, maxID)
		country, err2 := l.text("country", f[1])
		age, err3 := l.age(f[2])
		gender, err4 := l.gender(f[3])
		if err := firstOf(err1, err2, err3, err4); err != nil {
			return nil, err
		}
		if err := l.once("user", id, seen); err != nil {
			return nil, err
		}
		users = append(users, LFMUser{ID: int32(id), Country: country, Age: age, Gender: gender})
	}
	slices.SortFunc(users, func(a, b LFMUser) int { return int(a.ID - b.ID) })
	return users, nil
}

// age reads years, which may be negative because users typed them in.
func (l *lines) age(field []byte) (int32, error) {
	if len(field) == 0 {
		return NoAge, nil
	}
	digits, negative := bytes.CutPrefix(field, []byte("-"))
	years, err := l.number("age", digits, 0, maxID)
	if err != nil {
		return 0, l.errorf("age is %q; a whole number is needed, or nothing", clip(field))
	}
	if negative {
		return NoAge, nil
	}
	return int32(years), nil
}

// gender reads m or f. Last.fm's n (neutral) counts as missing, because the attackers predict two
// classes.
func (l *lines) gender(field []byte) (string, error) {
	switch gender := string(field); gender {
	case "m", "f":
		return gender, nil
	case "n", "":
		return "", nil
	}
	return "", l.errorf("gender is %q; m, f, n or nothing is needed", clip(field))
}
