package render

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"foil/internal/report/chart"
	"foil/internal/report/grid"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"caption": func(notes []grid.Note) string { return strings.Join(bold.caption(notes), " ") },
	"head":    pageHead,
	"odd":     oddText,
	"blank":   func(n grid.Number) bool { return n.State == grid.Blank },
	"missing": func(n grid.Number) bool { return n.State == grid.Missing },
	"class":   pageClass,
	"differs": func(m grid.Mark) bool { return m.Has(grid.Differs) },
	"tip":     pageTip,
	"add":     func(a, b int) int { return a + b },
	"drawing": func(c *chart.Chart) (template.HTML, error) {
		svg, err := c.Inline()
		return template.HTML(svg), err // chart escapes all text
	},
}).Parse(pageSource))

// HTML writes one self-contained page without scripts. Every number shows the values that it was
// computed from, and the cells are listed at the end with the digests of their artifacts.
func HTML(w io.Writer, r *grid.Report) error {
	var b strings.Builder // buffered, so that the page is written completely or not at all
	if err := page.Execute(&b, r); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// pageHead is the heading of a column, whose arrow stays on the line of the last word.
func pageHead(c grid.Column) string {
	if c.Arrow == "" {
		return c.Title
	}
	return c.Title + "\u00a0" + c.Arrow
}

// pageClass is the class attribute of a number.
func pageClass(mark grid.Mark, shade int) string {
	var classes []string
	if mark.Has(grid.Best) {
		classes = append(classes, "best")
	}
	if shade > 0 {
		classes = append(classes, fmt.Sprintf("h%d", shade-1))
	}
	return strings.Join(classes, " ")
}

// pageTip lists what a number was computed from, a line for each value.
func pageTip(n grid.Number) string {
	lines := []string{n.Detail}
	for _, o := range n.Origins {
		lines = append(lines, strings.TrimSpace(o.Axes+"  "+o.Value+"  from "+o.Digest.Short()))
	}
	return strings.Join(lines, "\n")
}
