package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"foil/internal/report/grid"
)

// alphabets are texts that titles, names and values may hold.
func alphabets() map[string]string {
	span := func(first, last rune) string {
		var b strings.Builder
		for r := first; r <= last; r++ {
			if unicode.IsPrint(r) {
				b.WriteRune(r)
				b.WriteRune(' ')
			}
		}
		return b.String()
	}
	return map[string]string{
		"ASCII":          span('!', '~') + "-- --- -0.5 '' `` ?` !` [x] *y* a -- b",
		"Latin-1":        span(0xA0, 0xFF),
		"Latin Extended": span(0x100, 0x24F) + span(0x1E00, 0x1EFF),
		"Greek":          span(0x370, 0x3FF) + span(0x1F00, 0x1FFF),
		"superscripts":   "x² y³ z¹ " + span(0x2070, 0x209C) + span(0x1D2C, 0x1D6A) + span(0x2B0, 0x2B8) + span(0x1D9B, 0x1DBF),
		"arrows":         span(0x2190, 0x21FF) + span(0x27F0, 0x27FF),
		"mathematics":    span(0x2200, 0x22FF) + span(0x2100, 0x214F) + "𝛼 𝐱 ℝ",
		"punctuation":    span(0x2010, 0x205E),
		"accents":        "x̄ ŷ θ̂ i̇ ĩ ǰ é ą̈ \u0301 ñ ṩ",
		"CJK and others": "数据 データ 데이터 Данные بيانات ข้อมูล 😀 ﬁ ① Ⅳ ㎏",
		"hostile":        `\input{/etc/passwd} \end{table} % } { $ $$ # ~ ^ & \\ _`,
	}
}

func report(text string) *grid.Report {
	number := grid.Number{State: grid.Present, Mean: "-0.500", Spread: "3.00e-04", N: "2", Mark: grid.Best | grid.Differs, Odd: []grid.Odd{{Value: grid.Infinite, N: "1"}}}
	return &grid.Report{
		Title: text, Notes: []string{text}, Terms: grid.Terms{Title: "Columns", List: []grid.Term{{Title: text, Text: text}}},
		Tables: []grid.Table{{
			Title: text, Labels: []string{text, text}, ByAxes: true, Columns: []grid.Column{{Title: text, Arrow: "↑"}},
			Rows:      []grid.Row{{Labels: []string{text, "-0.5"}, Numbers: []grid.Number{number}}, {Labels: []string{"1e-07", text}, Numbers: []grid.Number{{State: grid.Missing}}}},
			Baselines: []grid.Row{{Labels: []string{text}, Numbers: []grid.Number{{State: grid.Present, Odd: []grid.Odd{{Value: grid.Undefined}}}}}},
			Caption:   []grid.Note{{Text: text}, {Text: text, Explains: grid.Best}, {Text: text, Explains: grid.Differs}},
			Differences: &grid.Differences{Title: text, Labels: []string{text, text}, Heads: []string{text, text}, Short: []bool{true, true},
				Groups: []grid.DifferenceGroup{{Title: text, Lines: []grid.Difference{{Labels: []string{text, "-0.5"}, Cells: []string{text, "-0.5 to +3.00e-04"}, Mark: grid.Differs}}}}},
		}},
	}
}

// The tables compile with booktabs alone, whatever a text holds. The test needs pdflatex.
func TestLaTeXCompiles(t *testing.T) {
	pdflatex, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Skip("there is no pdflatex on the PATH (Debian: texlive-latex-base)")
	}
	if exec.CommandContext(t.Context(), "kpsewhich", "booktabs.sty").Run() != nil {
		t.Skip("LaTeX has no booktabs (Debian: texlive-latex-recommended)")
	}
	for name, text := range alphabets() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var b strings.Builder
			b.WriteString("\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n")
			for _, part := range chunks(text, 40) { // a table cannot be longer than a page
				if err := LaTeX(&b, report(part)); err != nil {
					t.Fatal(err)
				}
			}
			b.WriteString("\\end{document}\n")
			if err := os.WriteFile(filepath.Join(dir, "t.tex"), []byte(b.String()), 0o666); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), pdflatex, "-interaction=nonstopmode", "-halt-on-error", "t.tex")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func chunks(text string, size int) (parts []string) {
	words := strings.Fields(text)
	for len(words) > size {
		parts = append(parts, strings.Join(words[:size], " "))
		words = words[size:]
	}
	return append(parts, strings.Join(words, " "))
}

// Every character becomes ASCII: no package reads the rest for pdflatex. What has no macro is told.
func TestLaTeXIsASCII(t *testing.T) {
	for name, text := range alphabets() {
		var b strings.Builder
		if err := LaTeX(&b, report(text)); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if i := strings.IndexFunc(line, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 && !strings.HasPrefix(line, "%") {
				t.Errorf("%s: %q is not ASCII", name, line[i:])
			}
		}
		if replaced := strings.Contains(b.String(), "{[}U+"); replaced != strings.Contains(b.String(), "% LaTeX has no macro for ") {
			t.Errorf("%s: replaced %v, but it is not told, or the other way round\n%s", name, replaced, b.String())
		}
	}
}

func TestLaTeXOfText(t *testing.T) {
	for in, want := range map[string]string{
		"50% of a_b & #1": `50\% of a\_b \& \#1`,
		`\input{x} ~ ^ $`: `\textbackslash{}input\{x\} \textasciitilde{} \textasciicircum{} \$`,
		"[2] * ±":         `{[}2{]} {*} \ensuremath{\pm}`,
		"λ₁ = x²":         `\ensuremath{\lambda}\ensuremath{_{1}} = x\ensuremath{^{2}}`,
		"Müller, Dvořák":  `M\"{u}ller, Dvo\v{r}\'{a}k`,
		"naïve ĩ":         `na\"{\i}ve \~{\i}`,
		"ά θ̂ ȳ":          `\ensuremath{\acute{\alpha}} \ensuremath{\hat{\theta}} \={y}`,
		"a -- b --- c":    `a -{}- b -{}-{}- c`,
		"a – b":           `a -- b`,
		"−1":              `\ensuremath{-}1`,
		"ﬁn":              `fin`,
		"数":               `{[}U+6570{]}`,
		"a ≠ b ≮ c":       `a \ensuremath{\neq} b \textless{}{[}U+0338{]} c`,
		"한":               `{[}U+D55C{]}`,
		"ẹ̃":              `\~{\d{e}}`,
		"xⁿ⁺¹":            `x\ensuremath{^{\mathrm{n}}}\ensuremath{^{+}}\ensuremath{^{1}}`,
		"\u200bx\u00ady":  `x\-y`,
	} {
		l := &latexText{}
		if got := l.escape(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestLaTeXOfNumbers(t *testing.T) {
	for want, n := range map[string]grid.Number{
		`$-0.500$`:                                           {Mean: "-0.500"},
		`$\mathbf{-0.500} \pm 0.010$`:                        {Mean: "-0.500", Spread: "0.010", Mark: grid.Best},
		`$3.00 \cdot 10^{-4}$ ($n = 2$)`:                     {Mean: "3.00e-04", N: "2"},
		`$0.5$ ($n = 2$), $-\infty$ ($n = 1$), -- ($n = 3$)`: {Mean: "0.5", N: "2", Odd: []grid.Odd{{Value: grid.NegativeInfinite, N: "1"}, {Value: grid.Undefined, N: "3"}}},
		`$0.5 \pm 0.1{}^{\dagger}$`:                          {Mean: "0.5", Spread: "0.1", Mark: grid.Differs},
		`$\mathbf{0.5}{}^{\dagger}$`:                         {Mean: "0.5", Mark: grid.Differs | grid.Best},
		`--`:                                                 {Odd: []grid.Odd{{Value: grid.Undefined}}},
	} {
		if got := latexNumber(n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got, want := (&latex{}).difference("-0.5 to +3.0e-04"), `$-0.5$ to $+3.0 \cdot 10^{-4}$`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for label, want := range map[string]string{"-0.5": "$-0.5$", "1e-07": `$1 \cdot 10^{-7}$`, "3.10": "$3.10$", "-x": "-x", "1-2": "1-2"} {
		if got := (&latex{}).label(label); got != want {
			t.Errorf("%s: got %s, want %s", label, got, want)
		}
	}
}

// A macro of the text mode that needs another encoding than the default one is an error of LaTeX.
func TestLaTeXUsesNoMacroOfAPackage(t *testing.T) {
	missing := regexp.MustCompile(`\\(textquotedbl|guillemot|k\{|quotedblbase|texteuro|textmu|dh|th|dj|ng)\b`)
	for name, text := range alphabets() {
		if m := missing.FindString((&latexText{}).escape(text)); m != "" {
			t.Errorf("%s: %s needs another encoding", name, m)
		}
	}
}
