package chart

import (
	"bytes"
	"compress/zlib"
	"io"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

func pdf(t *testing.T, c *Chart) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.PDF(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// page is what a PDF draws.
func page(t *testing.T, file []byte) string {
	t.Helper()
	_, stream, _ := bytes.Cut(file, []byte("stream\n"))
	r, err := zlib.NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(drawn)
}

func TestTextOfAPDFIsTextWhereItCanBe(t *testing.T) {
	c := sample()
	c.X.Label, c.Y.Label = "café (±)", "λ ≤ ε"
	drawn := page(t, pdf(t, c))
	if !strings.Contains(drawn, "(caf\xe9 \\(\xb1\\))") {
		t.Errorf("no text in\n%s", drawn)
	}
	if strings.Contains(drawn, "\xce") { // as λ and ε begin in UTF-8
		t.Errorf("text that is not of the font's encoding in\n%s", drawn)
	}
}

func TestPDFHasItsFontAndNoDate(t *testing.T) {
	file := pdf(t, sample())
	for _, want := range []string{"/FontFile2", "/CreationDate (D:19700101000000", "/ModDate (D:19700101000000", "/MediaBox [0 0 468.00 "} {
		if !bytes.Contains(file, []byte(want)) {
			t.Errorf("no %s", want)
		}
	}
}

func TestShapesOfATextStandWhereTheTextWould(t *testing.T) {
	f := plot.DefaultTextHandler.Cache().Lookup(face, face.Size)
	const text = "Δ ≤ 0.5 λ"
	path, err := shapes(f, vg.Point{X: 10, Y: 20}, text)
	if err != nil {
		t.Fatal(err)
	}
	left, right, bottom, top := vg.Length(1000), vg.Length(0), vg.Length(1000), vg.Length(0)
	contours := 0
	for _, part := range path {
		switch part.Type {
		case vg.CloseComp:
			contours++
			continue
		}
		left, right = min(left, part.Pos.X), max(right, part.Pos.X)
		bottom, top = min(bottom, part.Pos.Y), max(top, part.Pos.Y)
	}
	if contours != 2+2+2+1+1+1 { // Δ, ≤, 0, point, 5, λ
		t.Errorf("got %d contours", contours)
	}
	if width := right - left; left < 10 || width < 0.95*f.Width(text) || width > 1.05*f.Width(text) { // shapes are not kerned
		t.Errorf("from %.1f, %.1f wide, and the text is %.1f", left, width, f.Width(text))
	}
	if bottom < 19 || bottom > 21 || top-bottom < 0.6*face.Size || top-bottom > face.Size {
		t.Errorf("from %.1f to %.1f", bottom, top)
	}
}
