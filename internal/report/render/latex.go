package render

import (
	"fmt"
	"io"
	"strings"

	"foil/internal/report/grid"
)

// LaTeX writes the tables for a paper, with the rules of booktabs.
func LaTeX(w io.Writer, r *grid.Report) error {
	var b strings.Builder
	if r.Title != "" {
		b.WriteString("% " + r.Title + "\n")
	}
	b.WriteString("% Needs \\usepackage{booktabs}.\n")
	for _, t := range r.Terms.List {
		b.WriteString("% " + t.Title + ": " + t.Text + "\n")
	}
	for _, note := range r.Notes {
		b.WriteString("% " + note + "\n")
	}
	for _, t := range r.Printed() {
		if len(t.Rows) == 0 {
			b.WriteString("\n% " + t.Title + ": " + strings.Join(caption(t.Caption, ""), " ") + "\n")
			continue
		}
		latexTable(&b, t)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func latexTable(b *strings.Builder, t grid.Table) {
	text := append([]string{t.Title + "."}, caption(t.Caption, "Best in bold.")...)
	b.WriteString("\n\\begin{table}\n\\centering\n")
	b.WriteString("\\caption{" + escapeLaTeX(strings.Join(text, " ")) + "}\n")
	align := "l"
	if t.ByAxes {
		align = "r"
	}
	align = strings.Repeat(align, len(t.Labels)) + strings.Repeat("c", len(t.Columns))
	b.WriteString("\\begin{tabular}{" + align + "}\n\\toprule\n")
	writeLaTeXRow(b, escaped(t.Labels, escapeLaTeX), escaped(headings(t), escapeLaTeX))
	b.WriteString("\\midrule\n")
	for _, row := range t.Rows {
		writeLaTeXRow(b, escaped(row.Labels, escapeLaTeX), latexNumbers(row))
	}
	if len(t.Baselines) > 0 {
		b.WriteString("\\midrule\n")
	}
	for _, row := range t.Baselines {
		name := escapeLaTeX(row.Labels[0])
		if span := len(t.Labels); span > 1 {
			name = fmt.Sprintf(`\multicolumn{%d}{l}{%s}`, span, name)
		}
		writeLaTeXRow(b, []string{name}, latexNumbers(row))
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n\\end{table}\n")
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
	s := "$" + n.Mean + "$"
	if n.Mark == grid.Best {
		s = "\\textbf{" + n.Mean + "}"
	}
	if n.SD != "" {
		s += " $\\pm$ " + n.SD
	}
	if n.N != "" {
		s += " ($n = " + n.N + "$)"
	}
	return s
}

func writeLaTeXRow(b *strings.Builder, labels, numbers []string) {
	b.WriteString(strings.Join(append(labels, numbers...), " & ") + ` \\` + "\n")
}

var latexEscapes = strings.NewReplacer(
	`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`,
	"[", "{[}", "]", "{]}", "*", "{*}", "~", `\textasciitilde{}`, "^", `\textasciicircum{}`, "<", `\textless{}`, ">", `\textgreater{}`, "|", `\textbar{}`,
	`"`, `\textquotedbl{}`, "±", `$\pm$`, "×", `$\times$`, "↑", `$\uparrow$`, "↓", `$\downarrow$`, "≤", `$\leq$`, "≥", `$\geq$`,
	"α", `$\alpha$`, "β", `$\beta$`, "γ", `$\gamma$`, "ε", `$\epsilon$`, "λ", `$\lambda$`, "σ", `$\sigma$`, "–", "--", "—", "---", "−", "$-$",
)

// Brackets and stars are braced because a row that begins with one would be read as
// an argument of the line break before it.
func escapeLaTeX(s string) string { return latexEscapes.Replace(s) }
