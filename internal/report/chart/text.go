package chart

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// textWidth is an upper estimate of a text's width: a reader may show an SVG in another font, which
// has characters that this one lacks.
func textWidth(face font.Font, s string) vg.Length {
	style := text.Style{Font: face, Handler: plot.DefaultTextHandler}
	width := style.Width(s)
	for line := range strings.Lines(s) {
		width = max(width, vg.Length(uniseg.StringWidth(line))*face.Size/2)
	}
	return width
}

// wrap breaks a text into lines that are no wider than w, between words where possible, and cuts it
// after so many lines.
func wrap(face font.Font, s string, w vg.Length, lines int) string {
	broken := []string{""}
	for _, word := range strings.Fields(plain(s)) {
		for i, part := range split(face, word, w) {
			last := &broken[len(broken)-1]
			switch {
			case *last == "":
				*last = part
			case i == 0 && textWidth(face, *last+" "+part) <= w:
				*last += " " + part
			default:
				broken = append(broken, part)
			}
		}
		if len(broken) > lines {
			const dots = "…"
			broken = broken[:lines]
			last := &broken[lines-1]
			*last = split(face, *last, w-textWidth(face, dots))[0] + dots
			break
		}
	}
	return strings.Join(broken, "\n")
}

// split cuts a text that is too wide for a line.
func split(face font.Font, s string, w vg.Length) []string {
	parts := []string{""}
	graphemes := uniseg.NewGraphemes(s)
	for graphemes.Next() {
		last := &parts[len(parts)-1]
		if *last != "" && textWidth(face, *last+graphemes.Str()) > w {
			parts = append(parts, graphemes.Str())
			continue
		}
		*last += graphemes.Str()
	}
	return parts
}

// plain replaces characters that XML does not allow and fonts do not have.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || r == '\ufffe' || r == '\uffff' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}
