package dataset

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The files of Last.fm 360K: fields between tabs, no header, text in UTF-8.
const (
	LastFMPlaysFile    = "usersha1-artmbid-artname-plays.tsv" // user, MusicBrainz id of the artist, name of the artist, plays
	LastFMProfilesFile = "usersha1-profile.tsv"               // user, gender, age, country, date of registration
)

// LastFMFiles are the files of Last.fm 360K. The published ones have 1.6 GB and 20 MB.
func LastFMFiles() []Member {
	return []Member{{LastFMPlaysFile, 8 << 30}, {LastFMProfilesFile, 128 << 20}}
}

// LastFMMD5 are the published MD5 sums: of the archive on Zenodo (record 6090214), and of the files
// in its README. No SHA-256 is published.
var LastFMMD5 = map[string]string{
	LastFMArchive:      "635e6ed3fc873aa4ba33aba0ebce02b1",
	LastFMPlaysFile:    "be672526eb7c69495c27ad27803148f1",
	LastFMProfilesFile: "51159d4edf6a92cb96f87768aa2be678",
}

// A LastFM collects the content of Last.fm 360K from its two files, in any order. It keeps 8 bytes
// of a line of plays, and every user and artist once.
type LastFM struct {
	users   map[sha1ID]int32 // rows of plays
	plays   [][]artistPlays  // by row
	mbids   map[mbid]int32   // rows of artists
	names   map[string]int32 // of artists without an MBID: rows of artists
	artists []Artist

	profiles map[sha1ID]profile

	Lines    int      // of plays
	Unusable Unusable // lines of plays and profiles that were dropped
}

// Unusable counts the lines that say nothing about a user or an artist. The published file has
// lines with a date in place of the user.
type Unusable struct {
	Users   int    // lines whose first field is not a SHA-1
	Artists int    // lines without MBID and name
	First   string // FILE:LINE of the first one
}

type (
	sha1ID [20]byte
	mbid   [16]byte
)

type artistPlays struct {
	artist int32
	plays  uint32
}

// An Artist of Last.fm 360K.
type Artist struct {
	ID   string // the MBID, or "name:" and the name where there is none
	Name string // on the artist's first line
}

type profile struct {
	age     int32
	gender  string
	country string
	line    int
}

// NewLastFM returns an empty LastFM.
func NewLastFM() *LastFM {
	return &LastFM{users: map[sha1ID]int32{}, mbids: map[mbid]int32{}, names: map[string]int32{}, profiles: map[sha1ID]profile{}}
}

// Read reads one of the two files.
func (m *LastFM) Read(file string, r io.Reader) error {
	if file == LastFMPlaysFile {
		return m.readPlays(r)
	}
	return m.readProfiles(r)
}

// A LastFMUser has played something. Users typed in countries and ages themselves.
type LastFMUser struct {
	ID      string // SHA-1
	Gender  string // m or f; "" is missing
	Age     int32  // as in the file; NoAge is missing
	Country string // as in the file; "" is missing
}

// LastFMPairs are pairs of a user and an artist, as row numbers, sorted by user, then artist,
// without repetitions.
type LastFMPairs struct {
	Users        []LastFMUser // sorted by id; with a line of plays
	Artists      []Artist     // sorted by id; all artists with a line of plays
	User, Artist []int32
}

// Pairs are the pairs with at least so many plays, of the users with the lowest ids. Identical lines of a user count once. The plays
// of different lines of the same user and artist are added up: spellings of an artist's name have
// a line each. Pairs uses up the content: call it once.
func (m *LastFM) Pairs(users int, least uint32) *LastFMPairs {
	p := &LastFMPairs{}
	artistRow := make([]int32, len(m.artists))
	byID := order(len(m.artists), func(a, b int32) int { return strings.Compare(m.artists[a].ID, m.artists[b].ID) })
	for row, a := range byID {
		artistRow[a] = int32(row)
		p.Artists = append(p.Artists, m.artists[a])
	}
	m.artists, m.mbids, m.names = nil, nil, nil

	ids := make([]sha1ID, len(m.plays))
	for id, row := range m.users {
		ids[row] = id
	}
	m.users = nil
	rows := order(len(ids), func(a, b int32) int { return slices.Compare(ids[a][:], ids[b][:]) })
	rows = rows[:min(users, len(rows))]
	most := 0
	for _, u := range rows {
		most += len(m.plays[u])
	}
	p.User, p.Artist = make([]int32, 0, most), make([]int32, 0, most)
	for row, u := range rows {
		user := LastFMUser{ID: hex.EncodeToString(ids[u][:]), Age: NoAge}
		if f, ok := m.profiles[ids[u]]; ok {
			user.Gender, user.Age, user.Country = f.gender, f.age, f.country
		}
		p.Users = append(p.Users, user)
		p.add(int32(row), m.plays[u], artistRow, least)
		m.plays[u] = nil
	}
	m.plays, m.profiles = nil, nil
	return p
}

// add adds the pairs of a user.
func (p *LastFMPairs) add(user int32, lines []artistPlays, artistRow []int32, least uint32) {
	for i := range lines {
		lines[i].artist = artistRow[lines[i].artist]
	}
	slices.SortFunc(lines, func(a, b artistPlays) int {
		return cmp.Or(cmp.Compare(a.artist, b.artist), cmp.Compare(a.plays, b.plays))
	})
	lines = slices.Compact(lines)
	for i := 0; i < len(lines); {
		artist, plays := lines[i].artist, uint64(0)
		for ; i < len(lines) && lines[i].artist == artist; i++ {
			plays += uint64(lines[i].plays)
		}
		if plays >= uint64(least) {
			p.User, p.Artist = append(p.User, user), append(p.Artist, artist)
		}
	}
}

// order returns 0..n-1, sorted.
func order(n int, compare func(a, b int32) int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	slices.SortFunc(rows, compare)
	return rows
}

// drop counts a line that is not usable.
func (u *Unusable) drop(n *int, l *lineReader) {
	*n++
	if u.First == "" {
		u.First = fmt.Sprintf("%s:%d", l.file, l.n)
	}
}
