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
	several := len(reports(p.View.Plan.Graph)) > 1
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
		name := ""
		if several {
			name = n.ID
		}
		all.Add(v, name)
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
