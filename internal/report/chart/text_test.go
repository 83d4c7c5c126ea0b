package chart

import (
	"strings"
	"testing"
)

var face = sizes[Page].face

func TestTextIsBrokenBetweenWordsWhereItCan(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"short", "short"},
		{"  two\n  words ", "two words"},
		{"several words that go on", "several words|that go on"},
		{strings.Repeat("a", 20), "aaaaaaaaaaaaa|aaaaaaa"},
		{"数据数据数据数据数据", "数据数据数据数|据数据"},
		{"as many words as there are in this text have no place", "as many words|as there are|in this text…"},
		{"bell\a and \x1b[31m and \xff", "bell\ufffd and|\ufffd[31m and \ufffd"},
	} {
		if got := strings.ReplaceAll(wrap(face, c.in, 70, 3), "\n", "|"); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestNoLineOfATextIsTooWide(t *testing.T) {
	for _, s := range []string{strings.Repeat("W", 50), strings.Repeat("数", 50), strings.Repeat("wide ", 50), strings.Repeat("🏳️‍🌈", 50)} {
		for line := range strings.Lines(wrap(face, s, 70, 3)) {
			if w := textWidth(face, line); w > 70 {
				t.Errorf("%q is %.1f wide", line, w)
			}
		}
	}
}
