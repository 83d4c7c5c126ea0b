package dataset

import (
	"bytes"
	"encoding/hex"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

const (
	// maxArtists and maxUsers bound the memory for a wrong file, several times above the published
	// data: 294,015 artists and 359,347 users.
	maxArtists = 4_000_000
	maxUsers   = 4_000_000
)

// readPlays reads usersha1-artmbid-artname-plays.tsv.
func (m *LastFM) readPlays(r io.Reader) error {
	l := newLineReader(LastFMPlaysFile, r, "user, MusicBrainz id, artist, plays between tabs")
	// The lines of a user stand together. They are kept in a slice of their size.
	var of int32
	var lines []artistPlays
	keep := func() {
		if len(lines) > 0 {
			m.plays[of] = append(m.plays[of], lines...)
		}
		lines = lines[:0]
	}
	for l.next() {
		user, artist, name, plays, err := l.artistPlays()
		if err != nil {
			return err
		}
		m.Lines++
		var id sha1ID
		if !parseSHA1(&id, user) {
			m.Unusable.drop(&m.Unusable.Users, l)
			continue
		}
		a, err := m.artist(l, artist, name)
		if err != nil {
			return err
		}
		if a < 0 {
			m.Unusable.drop(&m.Unusable.Artists, l)
			continue
		}
		row, ok := m.users[id]
		if !ok {
			if row = int32(len(m.plays)); row == maxUsers {
				return l.errorf("the file has more than %d users", maxUsers)
			}
			m.users[id] = row
			m.plays = append(m.plays, nil)
		}
		if row != of {
			keep()
			of = row
		}
		lines = append(lines, artistPlays{a, plays})
	}
	keep()
	if err := l.end(); err != nil {
		return err
	}
	if len(m.plays) == 0 {
		return l.errorf("no line has the SHA-1 of a user and an artist: is it the published file? (%s)", l.layout)
	}
	return nil
}

// artistPlays splits a line. Some names of artists have tabs.
func (l *lineReader) artistPlays() (user, artist, name []byte, plays uint32, err error) {
	first := bytes.IndexByte(l.line, '\t')
	last := bytes.LastIndexByte(l.line, '\t')
	second := -1
	if first >= 0 {
		second = bytes.IndexByte(l.line[first+1:], '\t') + first + 1
	}
	if second <= first || second == last {
		n := bytes.Count(l.line, []byte("\t")) + 1
		return nil, nil, nil, 0, l.errorf("%d fields in %q; 4 are needed: %s%s", n, clip(l.line), l.layout, l.ifCut())
	}
	count := l.line[last+1:]
	v, end := digits(count, 0)
	if end != len(count) || end == 0 || v > math.MaxUint32 {
		return nil, nil, nil, 0, l.errorf("plays is %q; a number from 0 to %d is needed%s", clip(count), uint32(math.MaxUint32), l.ifCut())
	}
	return l.line[:first], l.line[first+1 : second], l.line[second+1 : last], uint32(v), nil
}

// artist returns the row of an artist: by MBID, or by name where the MBID is missing; -1 if both
// are.
func (m *LastFM) artist(l *lineReader, artist, name []byte) (int32, error) {
	name = bytes.TrimSpace(name)
	row := int32(len(m.artists))
	var id mbid
	switch {
	case parseMBID(&id, artist):
		if known, ok := m.mbids[id]; ok {
			return known, nil
		}
		m.mbids[id] = row
		m.artists = append(m.artists, Artist{strings.ToLower(string(artist)), validText(name)})
	case len(name) > 0:
		if known, ok := m.names[string(name)]; ok {
			return known, nil
		}
		text := validText(name)
		if known, ok := m.names[text]; ok { // different bytes that are not UTF-8
			return known, nil
		}
		m.names[text] = row
		m.artists = append(m.artists, Artist{"name:" + text, text})
	default:
		return -1, nil
	}
	if row == maxArtists {
		return 0, l.errorf("the file has more than %d artists", maxArtists)
	}
	return row, nil
}

// readProfiles reads usersha1-profile.tsv.
func (m *LastFM) readProfiles(r io.Reader) error {
	l := newLineReader(LastFMProfilesFile, r, "user, gender, age, country, date of registration between tabs")
	for l.next() {
		f := bytes.Split(l.line, []byte("\t"))
		if len(f) != 5 {
			return l.errorf("%d fields in %q; 5 are needed: %s%s", len(f), clip(l.line), l.layout, l.ifCut())
		}
		var id sha1ID
		if !parseSHA1(&id, f[0]) {
			m.Unusable.drop(&m.Unusable.Users, l)
			continue
		}
		own := lines{file: l.file, n: l.n}
		age, err1 := own.age(f[2])
		gender, err2 := own.gender(f[1])
		if err := firstOf(err2, err1); err != nil {
			return err
		}
		p := profile{age, gender, validText(bytes.TrimSpace(f[3])), l.n}
		first, ok := m.profiles[id]
		if ok && (first.age != p.age || first.gender != p.gender || first.country != p.country) {
			return l.errorf("user %s stands already on line %d, with another profile", f[0], first.line)
		}
		if !ok {
			if len(m.profiles) == maxUsers {
				return l.errorf("the file has more than %d users", maxUsers)
			}
			m.profiles[id] = p
		}
	}
	if err := l.end(); err != nil {
		return err
	}
	if len(m.profiles) == 0 {
		return l.errorf("no line begins with the SHA-1 of a user: is it the published file? (%s)", l.layout)
	}
	return nil
}

// validText replaces bytes that are not UTF-8.
func validText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

func parseSHA1(id *sha1ID, b []byte) bool {
	if len(b) != 2*len(id) {
		return false
	}
	_, err := hex.Decode(id[:], b)
	return err == nil
}

// parseMBID reads a UUID: 8-4-4-4-12 hexadecimal digits.
func parseMBID(id *mbid, b []byte) bool {
	if len(b) != 36 || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return false
	}
	var digits [32]byte
	n := copy(digits[:], b[:8])
	n += copy(digits[n:], b[9:13])
	n += copy(digits[n:], b[14:18])
	n += copy(digits[n:], b[19:23])
	copy(digits[n:], b[24:])
	_, err := hex.Decode(id[:], digits[:])
	return err == nil
}
