package report

import (
	"io"
	"strings"
)

// LaTeX writes the tables for a paper, with the rules of booktabs.
func (r *Report) LaTeX(w io.Writer) error {
	var b strings.Builder
	if r.Title != "" {
		b.WriteString("% " + r.Title + "\n")
	}
	b.WriteString("% Needs \\usepackage{booktabs}.\n")
	for _, c := range r.Columns {
		b.WriteString("% " + c.Title + ": " + c.describe() + "\n")
	}
	for _, note := range r.Notes {
		b.WriteString("% " + note + "\n")
	}
	for _, t := range r.Tables {
		if len(t.Rows) == 0 {
			b.WriteString("\n% " + t.Title + ": " + strings.Join(r.caption(t, ""), " ") + "\n")
			continue
		}
		r.latexTable(&b, t)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) latexTable(b *strings.Builder, t Table) {
	heads := t.labelHeads()
	labels := len(heads)
	for _, c := range r.Columns {
		heads = append(heads, c.heading())
	}
	for i := range heads {
		heads[i] = escapeLaTeX(heads[i])
	}
	caption := append([]string{t.Title + "."}, r.caption(t, "Best in bold.")...)
	b.WriteString("\n\\begin{table}\n\\centering\n")
	b.WriteString("\\caption{" + escapeLaTeX(strings.Join(caption, " ")) + "}\n")
	align := strings.Repeat("l", labels)
	if len(t.Grid) > 0 {
		align = strings.Repeat("r", labels)
	}
	b.WriteString("\\begin{tabular}{" + align + strings.Repeat("c", len(r.Columns)) + "}\n\\toprule\n")
	writeLaTeXRow(b, heads)
	b.WriteString("\\midrule\n")
	for _, row := range t.Rows {
		cells := t.labels(row)
		for i := range cells {
			cells[i] = escapeLaTeX(cells[i])
		}
		writeLaTeXRow(b, append(cells, r.latexEntries(t, row, "--")...))
	}
	if len(t.Baselines) > 0 {
		b.WriteString("\\midrule\n")
	}
	for _, row := range t.Baselines {
		name := escapeLaTeX(row.Name)
		if labels > 1 {
			name = "\\multicolumn{" + shortest(float64(labels)) + "}{l}{" + name + "}"
		}
		writeLaTeXRow(b, append([]string{name}, r.latexEntries(t, row, "")...))
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n\\end{table}\n")
}

func (r *Report) latexEntries(t Table, row Row, none string) []string {
	cells := make([]string, len(row.Entries))
	for i, e := range row.Entries {
		if e.N == 0 {
			cells[i] = none
			continue
		}
		x := read(e, r.Columns[i].Digits, t.N[i])
		s := "$" + x.mean + "$"
		if e.Best {
			s = "\\textbf{" + x.mean + "}"
		}
		if x.sd != "" {
			s += " $\\pm$ " + x.sd
		}
		if x.n != "" {
			s += " ($n = " + x.n + "$)"
		}
		cells[i] = s
	}
	return cells
}

func writeLaTeXRow(b *strings.Builder, cells []string) {
	b.WriteString(strings.Join(cells, " & ") + ` \\` + "\n")
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
