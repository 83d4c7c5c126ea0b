package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// SVG writes a complete file.
func (c *Chart) SVG(w io.Writer) error {
	svg, err := c.svg(` xmlns="http://www.w3.org/2000/svg"`)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, svg)
	return err
}

// Inline is the drawing as an element of a page.
func (c *Chart) Inline() (string, error) { return c.svg("") }

func (c *Chart) svg(attributes string) (svg string, err error) {
	defer c.catch(&err)
	s, err := c.layOut()
	if err != nil {
		return "", err
	}
	canvas := vgsvg.New(s.width, s.height)
	s.draw(canvas)
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	return c.framed(b.String(), attributes, s.width, s.height)
}

// catch turns a panic into an error: gonum/plot panics where it cannot make a drawing.
func (c *Chart) catch(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("drawing %q: %v", c.Title, r)
	}
}

// framed puts a drawing of vgsvg into an element with a description in words, and names fonts
// similar to the drawing's own. The strings that it searches for hold a < or a quote, which vgsvg
// escapes in text, so no text can match.
func (c *Chart) framed(drawing, attributes string, width, height vg.Length) (string, error) {
	const font, fonts = `style="font-family:Liberation Sans;`, `style="font-family:'Liberation Sans',Arial,Helvetica,sans-serif;`
	_, element, found := strings.Cut(drawing, "<svg ")
	_, inside, closed := strings.Cut(element, ">\n")
	if !found || !closed {
		return "", errors.New("the output of vgsvg does not begin with an svg element")
	}
	return fmt.Sprintf("<svg%s class=\"chart\" role=\"img\" width=\"%gpt\" height=\"%gpt\" viewBox=\"0 0 %[2]g %[3]g\">\n",
		attributes, float64(width), float64(height)) +
		"<title>" + escape(c.Title) + "</title>\n<desc>" + escape(c.describe()) + "</desc>\n" +
		strings.ReplaceAll(inside, font, fonts), nil
}

// escape makes XML text, with a replacement character for what XML does not allow.
func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}
