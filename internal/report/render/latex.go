package render

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"foil/internal/report/grid"
)

// LaTeX writes the tables for a paper. They need the package booktabs and no other. The head of the
// file lists the characters for which LaTeX has no macro.
func LaTeX(w io.Writer, r *grid.Report) error {
	l := &latex{}
	for _, t := range r.Printed() {
		l.table(t)
	}
	if r.Expected != nil {
		l.expected(r.Expected)
	}
	var head strings.Builder
	comment := func(text string) { head.WriteString("% " + text + "\n") }
	if r.Title != "" {
		comment(r.Title)
	}
	comment("Needs \\usepackage{booktabs}.")
	if len(l.text.missing) > 0 {
		comment("LaTeX has no macro for " + strings.Join(l.text.missing, ", ") + ": see [U+...], and use a package for the script.")
	}
	for _, t := range r.Terms.List {
		comment(t.Title + ": " + t.Text)
	}
	for _, note := range r.Notes {
		comment(note)
	}
	_, err := io.WriteString(w, head.String()+l.body.String())
	return err
}

// A latex writes tables.
type latex struct {
	body strings.Builder
	text latexText
}

func (l *latex) table(t grid.Table) {
	if len(t.Rows) == 0 {
		l.line("\n% " + t.Title + ": " + strings.Join(bold.caption(t.Caption), " "))
		return
	}
	text := append([]string{t.Title + "."}, bold.caption(t.Caption)...)
	l.line("\n\\begin{table}\n\\centering")
	l.line("\\caption{" + l.text.escape(strings.Join(text, " ")) + "}")
	align := strings.Repeat("c", len(t.Columns))
	for _, side := range slices.Backward(labelSides(t)) {
		align = string(side) + align
	}
	l.line("\\begin{tabular}{" + align + "}\n\\toprule")
	l.row(escaped(t.Labels, l.text.escape), escaped(headings(t), l.text.escape))
	l.line("\\midrule")
	for _, row := range t.Rows {
		l.row(escaped(row.Labels, l.label), latexNumbers(row))
	}
	if len(t.Baselines) > 0 {
		l.line("\\midrule")
	}
	for _, row := range t.Baselines {
		name := l.label(row.Labels[0])
		if span := len(t.Labels); span > 1 {
			name = fmt.Sprintf(`\multicolumn{%d}{l}{%s}`, span, name)
		}
		l.row([]string{name}, latexNumbers(row))
	}
	l.line("\\bottomrule\n\\end{tabular}\n\\end{table}")
	for _, d := range t.Below() {
		l.differences(t.Title, d)
	}
}

// differences writes a table of its own.
func (l *latex) differences(title string, d *grid.Differences) {
	if d.Many != "" {
		l.line("\n% " + title + ": " + d.Many)
		return
	}
	l.line("\n\\begin{table}\n\\centering")
	l.line("\\caption{" + l.text.escape(title+". "+d.Title+".") + "}")
	heads := short(d, d.Heads)
	l.line("\\begin{tabular}{" + strings.Repeat("l", len(d.Labels)) + strings.Repeat("r", len(heads)) + "}\n\\toprule")
	l.row(escaped(d.Labels, l.text.escape), escaped(heads, l.text.escape))
	for _, g := range d.Groups {
		l.line("\\midrule")
		l.line(fmt.Sprintf(`\multicolumn{%d}{l}{%s} \\`, len(d.Labels)+len(heads), l.text.escape(g.Title)))
		for _, line := range g.Lines {
			cells := escaped(short(d, line.Cells), l.difference)
			if line.Mark.Has(grid.Differs) {
				cells[0] += latexDagger
			}
			l.row(escaped(line.Labels, l.label), cells)
		}
	}
	l.line("\\bottomrule\n\\end{tabular}\n\\end{table}")
}

// difference writes a number, or the two ends of an interval.
func (l *latex) difference(s string) string {
	parts := strings.Split(s, " to ")
	return strings.Join(escaped(parts, l.label), " to ")
}

const latexDagger = `$^{\dagger}$`

func (l *latex) line(text string) { l.body.WriteString(text + "\n") }

func (l *latex) row(labels, numbers []string) {
	l.line(strings.Join(append(labels, numbers...), " & ") + ` \\`)
}

// label writes a label. A number is set as one, so that its sign is a minus and not a hyphen.
func (l *latex) label(s string) string {
	if numberText.MatchString(s) {
		return "$" + latexDigits(s) + "$"
	}
	return l.text.escape(s)
}

func latexNumbers(row grid.Row) []string {
	cells := make([]string, len(row.Numbers))
	for i, n := range row.Numbers {
		switch n.State {
		case grid.Missing:
			cells[i] = "--"
		case grid.Present:
			cells[i] = latexNumber(n)
		}
	}
	return cells
}

func latexNumber(n grid.Number) string {
	var parts []string
	if n.Mean != "" {
		mean := latexDigits(n.Mean)
		if n.Mark.Has(grid.Best) {
			mean = `\mathbf{` + mean + "}"
		}
		if n.Spread != "" {
			mean += ` \pm ` + latexDigits(n.Spread)
		}
		if n.Mark.Has(grid.Differs) {
			mean += `{}^{\dagger}` // the empty group: an exponent may stand before it
		}
		parts = append(parts, "$"+mean+"$"+latexCount(n.N))
	}
	for _, o := range n.Odd {
		parts = append(parts, latexOdd[o.Value]+latexCount(o.N))
	}
	return strings.Join(parts, ", ")
}

func latexCount(n string) string {
	if n == "" {
		return ""
	}
	return " ($n = " + n + "$)"
}

var latexOdd = map[string]string{grid.Infinite: `$\infty$`, grid.NegativeInfinite: `$-\infty$`, grid.Undefined: "--"}

var numberText = regexp.MustCompile(`^([-+]?[0-9]+(?:\.[0-9]+)?)(?:e([-+]?[0-9]+))?$`)

// latexDigits writes the text of a number for the math mode: 3.0e-04 is 3.0 \cdot 10^{-4}.
func latexDigits(s string) string {
	m := numberText.FindStringSubmatch(s)
	if m == nil || m[2] == "" {
		return s
	}
	exponent, err := strconv.Atoi(m[2])
	if err != nil {
		return s
	}
	return fmt.Sprintf(`%s \cdot 10^{%d}`, m[1], exponent)
}
