package chart

import (
	"bytes"
	"encoding/xml"
	"strings"

	"github.com/rivo/uniseg"
)

const (
	fontSize   = 13
	lineHeight = 16
)

// textWidth is about how wide a text is, rather too wide than too narrow: the font
// is the reader's.
func textWidth(s string) float64 {
	w := 0.0
	graphemes := uniseg.NewGraphemes(s)
	for graphemes.Next() {
		r := graphemes.Runes()[0]
		switch {
		case graphemes.Width() > 1:
			w += 1.05
		case strings.ContainsRune("iljtfrI.,:;'|!()[]- ", r):
			w += 0.4
		case strings.ContainsRune("mwMW@%", r):
			w += 0.95
		case 'A' <= r && r <= 'Z':
			w += 0.7
		default:
			w += 0.6
		}
	}
	return w * fontSize
}

// wrap breaks a text into lines that are no wider than w, between words where it can.
func wrap(s string, w float64) []string {
	lines := []string{""}
	for _, word := range strings.Fields(s) {
		for i, part := range split(word, w) {
			last := &lines[len(lines)-1]
			switch {
			case *last == "":
				*last = part
			case i == 0 && textWidth(*last+" "+part) <= w:
				*last += " " + part
			default:
				lines = append(lines, part)
			}
		}
	}
	return lines
}

// split cuts a word that is too wide for a line.
func split(word string, w float64) []string {
	parts := []string{""}
	graphemes := uniseg.NewGraphemes(word)
	for graphemes.Next() {
		last := &parts[len(parts)-1]
		if *last != "" && textWidth(*last+graphemes.Str()) > w {
			parts = append(parts, graphemes.Str())
			continue
		}
		*last += graphemes.Str()
	}
	return parts
}

// escape makes text of anything, and what XML cannot hold a replacement character.
func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}
