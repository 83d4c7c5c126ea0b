package report

import (
	"fmt"

	"foil/internal/report"
)

// rule checks the names in a rule that chooses the cells of a row.
func (c nameChecker) rule(path string, s *report.SelectLayout) {
	if c.from(path+".best", s.Best.From) {
		for i, axis := range s.Among {
			c.axis(fmt.Sprintf("%s.among[%d]", path, i), axis, called(c.gathers, s.Best.From))
		}
	}
	if s.Within != nil {
		c.from(path+".within", s.Within.From)
	}
}

// selectedFrom are the stages whose metrics rules compare.
func selectedFrom(l *report.Layout) (from []string) {
	for _, t := range l.Tables {
		for _, row := range t.Rows {
			if s := row.Select; s != nil {
				from = append(from, s.Best.From)
				if s.Within != nil {
					from = append(from, s.Within.From)
				}
			}
		}
	}
	return from
}
