package render

import (
	"bufio"
	"io"
	"regexp"
	"strings"

	"foil/internal/clean"
	"foil/internal/report/grid"
)

// CSV writes the report's data for programs such as pandas or R: one line for each number, without
// rounding.
func CSV(w io.Writer, r *grid.Report) error {
	return WriteCSV(w, append([][]string{r.Data.Head}, r.Data.Lines...))
}

// ChoicesCSV writes all candidates of rules, and ExpectedCSV all expected values. They write nothing
// for a report without them.
func ChoicesCSV(w io.Writer, r *grid.Report) error { return dataCSV(w, r.Choices) }

func ExpectedCSV(w io.Writer, r *grid.Report) error { return dataCSV(w, r.Expectations) }

func dataCSV(w io.Writer, d grid.Data) error {
	if len(d.Lines) == 0 {
		return nil
	}
	return WriteCSV(w, append([][]string{d.Head}, d.Lines...))
}

// WriteCSV writes lines of cells, which a spreadsheet does not run as formulas. Names of metrics and
// axis values can be chosen by others.
func WriteCSV(w io.Writer, lines [][]string) error {
	out := bufio.NewWriter(w)
	for _, cells := range lines {
		for i, c := range cells {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(csvCell(c))
		}
		if len(cells) == 1 && cells[0] == "" {
			out.WriteString(`""`) // readers ignore empty lines
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}

// plainNumber matches what programs read as a number, also with a sign.
var plainNumber = regexp.MustCompile(`^[-+]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|Inf|inf|NaN)$`)

// IsFormula reports whether a spreadsheet could read text as a formula.
func IsFormula(text string) bool {
	const formula = "=+-@\t\r\n＝＋－＠"
	begin := strings.TrimLeft(text, " \u00a0\u3000")
	return begin != "" && strings.ContainsAny(string([]rune(begin)[:1]), formula)
}

// csvCell writes a cell. It follows the advice of OWASP on CSV injection: a single quote before text
// that begins like a formula, and quotes around text that could be split into cells, in
// spreadsheets with other separators, too.
func csvCell(text string) string {
	text = clean.Line(text)
	if plainNumber.MatchString(text) {
		return text
	}
	if IsFormula(text) {
		return `"'` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	if strings.ContainsAny(text, "\",;") || strings.HasPrefix(text, " ") {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}
