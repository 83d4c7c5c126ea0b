package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Pages are page.html for tables and figures.html for figures, of the same parts.
//
//go:embed *.html
var pageSources embed.FS

var pageTemplates = template.Must(template.ParseFS(pageSources, "*.html"))

// HTML writes one self-contained page without scripts. Every number carries the
// values it was computed from, and the cells stand at the end with their artifacts.
func (r *Report) HTML(w io.Writer) error {
	p := page{pageFrame: pageFrame{r.Title, r.Notes, r.pageOrigins()}, Columns: r.terms()}
	for _, t := range r.Tables {
		p.Tables = append(p.Tables, r.pageTable(t))
	}
	return writePage(w, "page.html", p)
}

// writePage fills a template, and writes all of it or nothing.
func writePage(w io.Writer, template string, p any) error {
	var b strings.Builder
	if err := pageTemplates.ExecuteTemplate(&b, template, p); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// What page.html is filled with: text only, nothing left to compute.
type (
	pageFrame struct {
		Title   string
		Notes   []string
		Origins []pageOrigins
	}
	page struct {
		pageFrame
		Columns []term
		Tables  []pageTable
	}
	pageTable struct {
		Title           string
		Grid            bool
		Labels, Heads   []string
		Rows, Baselines []pageRow
		Caption         []string
		Matrices        []pageMatrix
		LabelSpan       int
	}
	pageRow struct {
		Name    string
		Labels  []string
		Entries []pageEntry
		First   bool // of a new value of the first axis
	}
	pageEntry struct {
		Mean, SD, N, Tip string
		None, Best       bool
		Heat             string // h0 (worst) to h9 (best)
	}
	pageOrigins struct {
		From        string
		Axes, Heads []string
		Cells       []pageCell
	}
	pageCell struct {
		Axes, Values  []string
		Digest, Short string
	}
)

func (r *Report) pageTable(t Table) pageTable {
	p := pageTable{
		Title:     t.Title,
		Grid:      len(t.Grid) > 0,
		Labels:    t.labelHeads(),
		Caption:   r.caption(t, "Best in bold."),
		Matrices:  r.matrices(t),
		LabelSpan: len(t.labelHeads()),
	}
	for _, c := range r.Columns {
		p.Heads = append(p.Heads, unbrokenArrow(c.heading()))
	}
	for i, row := range t.Rows {
		first := len(t.Grid) > 1 && i > 0 && t.labels(row)[0] != t.labels(t.Rows[i-1])[0]
		p.Rows = append(p.Rows, pageRow{Labels: t.labels(row), Entries: r.pageEntries(t, row), First: first})
	}
	for _, row := range t.Baselines {
		p.Baselines = append(p.Baselines, pageRow{Name: row.Name, Entries: r.pageEntries(t, row)})
	}
	return p
}

func (r *Report) pageEntries(t Table, row Row) []pageEntry {
	entries := make([]pageEntry, len(row.Entries))
	for i, e := range row.Entries {
		entries[i] = r.pageEntry(t, i, e)
	}
	return entries
}

func (r *Report) pageEntry(t Table, i int, e Entry) pageEntry {
	if e.N == 0 {
		return pageEntry{None: true}
	}
	x := read(e, r.Columns[i].Digits, t.N[i])
	return pageEntry{Mean: x.mean, SD: x.sd, N: x.n, Tip: r.tip(e), Best: e.Best}
}

// Class is the entry's class attribute.
func (e pageEntry) Class() string {
	if e.Best {
		return strings.TrimSpace("best " + e.Heat)
	}
	return e.Heat
}

// tip lists what an entry was computed from, by the axes that were averaged over.
func (r *Report) tip(e Entry) string {
	lines := []string{"mean " + brief(e.Mean) + ", n = " + strconv.Itoa(e.N)}
	if e.N > 1 {
		lines[0] = fmt.Sprintf("mean %s, standard deviation %s, n = %d", brief(e.Mean), brief(e.SD), e.N)
	}
	for _, o := range e.Origins {
		axes := filter(o.Cell.Axes, func(a Axis) bool { return slices.Contains(r.Over, a.Name) })
		if len(axes) == 0 {
			axes = o.Cell.Axes
		}
		lines = append(lines, strings.TrimSpace(joined(axes, ", ")+"  "+brief(o.Value)+"  from "+o.Cell.Digest.Short()))
	}
	return strings.Join(lines, "\n")
}

func (r *Report) pageOrigins() []pageOrigins {
	var all []pageOrigins
	for _, t := range r.Origins {
		p := pageOrigins{From: t.From}
		for _, axis := range t.Axes {
			p.Axes = append(p.Axes, clean(axis))
		}
		for _, c := range t.Columns {
			p.Heads = append(p.Heads, c.Title)
		}
		for _, c := range t.Cells {
			row := pageCell{Digest: c.Digest.String(), Short: c.Digest.Short(), Axes: axisTexts(c.Axes, t.Axes)}
			for _, v := range c.Values {
				text := "–"
				if v != nil {
					text = brief(*v)
				}
				row.Values = append(row.Values, text)
			}
			p.Cells = append(p.Cells, row)
		}
		all = append(all, p)
	}
	return all
}

// unbrokenArrow keeps a heading's arrow on the line of its last word.
func unbrokenArrow(heading string) string {
	for _, arrow := range []string{"↑", "↓"} {
		heading = strings.ReplaceAll(heading, " "+arrow, "\u00a0"+arrow)
	}
	return heading
}
