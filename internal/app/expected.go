package app

import (
	"fmt"
	"os"

	"foil/internal/report"
)

// Expected compares the reports of the run with the values that their spec expects. The reports may
// be from the cache: they hold what was compared.
func (p *Publisher) Expected() (all report.Verdicts, err error) {
	made := p.made()
	type judged struct {
		cell string
		report.Verdicts
	}
	var found []judged
	for _, n := range reports(p.View.Plan.Graph) {
		o := made[n]
		if o == nil || n.Kind.Expected == "" || !o.Artifact.Has(n.Kind.Expected) {
			continue
		}
		file, err := o.Artifact.Path(n.Kind.Expected)
		if err != nil {
			return all, fmt.Errorf("expected values of %s: %w", n.ID, err)
		}
		v, err := readExpected(file)
		if err != nil {
			return all, fmt.Errorf("expected values of %s: %w", n.ID, err)
		}
		for i := range v.Values {
			v.Values[i].Cell = n.ID
		}
		found = append(found, judged{n.ID, v})
	}
	for _, f := range found {
		if len(found) == 1 {
			f.cell = "" // no other report could be meant
		}
		all.Add(f.Verdicts, f.cell)
	}
	return all, nil
}

func readExpected(file string) (report.Verdicts, error) {
	f, err := os.Open(file)
	if err != nil {
		return report.Verdicts{}, err
	}
	defer f.Close()
	return report.ReadExpected(f)
}
