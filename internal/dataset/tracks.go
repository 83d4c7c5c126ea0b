package dataset

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// parseTracks reads tracks.tsv, whose line numbers are the ids of the tracks. The first line shows
// whether a third field has the gender of the artist.
func parseTracks(b []byte) ([]Track, error) {
	l, fields := newTabLines(LFMTracksFile, b, "artist, track between tabs"), 2
	if first, _, _ := bytes.Cut(b, []byte("\n")); bytes.Count(first, l.separator) == 2 {
		l.layout, fields = "artist, track, artist's gender between tabs, as on line 1", 3
	}
	if n := countLines(b); n > maxID+1 {
		return nil, fmt.Errorf("%s has %d lines; at most %d are allowed", LFMTracksFile, n, maxID+1)
	}
	tracks := make([]Track, 0, countLines(b))
	for l.next() {
		f, err := l.fields(fields)
		if err != nil {
			return nil, err
		}
		artist, err1 := l.text("artist", f[0])
		title, err2 := l.text("track", f[1])
		if err := firstOf(err1, err2); err != nil {
			return nil, err
		}
		tracks = append(tracks, Track{artist, title})
	}
	return tracks, nil
}

// text reads a field in UTF-8. It removes quotes around a whole field and undoubles quotes inside,
// like pandas, with which the authors of AdvXMultVAE read these files.
func (l *lines) text(what string, field []byte) (string, error) {
	if !utf8.Valid(field) {
		return "", l.errorf("%s is %q, which is not UTF-8, as the published file is; convert the file to UTF-8", what, clip(field))
	}
	if n := len(field); n >= 2 && field[0] == '"' && field[n-1] == '"' {
		return strings.ReplaceAll(string(field[1:n-1]), `""`, `"`), nil
	}
	return string(field), nil
}
