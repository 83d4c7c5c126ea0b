package artifact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
)

// outcomes reads the columns in foil's order. The texts of attributes share the bytes of the file:
// who keeps one of them should copy it.
func (t *table) outcomes() (*Outcomes, error) {
	if len(t.fields) < 4 || t.fields[0].Name != splitColumn || t.fields[1].Name != checkpointColumn ||
		!slices.Contains(outcomeUnits, t.fields[2].Name) {
		names := make([]string, len(t.fields))
		for i, f := range t.fields {
			names[i] = f.Name
		}
		return nil, fmt.Errorf("the columns are %s; they must be %q, %q, one of %s, and at least one column of numbers",
			quoted(names), splitColumn, checkpointColumn, quoted(outcomeUnits))
	}
	o := &Outcomes{Unit: t.fields[2].Name}
	var texts [2][]string
	var err error
	for i := range texts {
		if texts[i], err = t.text(i, false); err != nil {
			return nil, err
		}
	}
	if o.Units, err = t.int32(2); err != nil {
		return nil, err
	}
	o.Units = slices.Clone(o.Units) // not the bytes of the file
	o.Parts = partsOf(texts[0], texts[1])
	for i, f := range t.fields[3:] {
		switch i += 3; {
		case f.Type.ID() == arrow.STRING && len(o.Series) == 0:
			a := OutcomeAttribute{Name: f.Name}
			a.Values, err = t.text(i, true)
			o.Attributes = append(o.Attributes, a)
		case f.Type.ID() == arrow.FLOAT64 && f.Name != o.IDAttribute():
			s := seriesOf(f.Name)
			s.Balance, _ = f.Metadata.GetValue(balanceKey)
			s.Values, err = t.float64(i)
			o.Series = append(o.Series, s)
		default:
			err = fmt.Errorf("column %q is %s; attributes are utf8, and the numbers after them are float64", f.Name, f.Type)
		}
		if err != nil {
			return nil, err
		}
	}
	return o, o.check()
}

// partsOf groups rows that stand together.
func partsOf(split, checkpoint []string) (parts []OutcomePart) {
	for i := range split {
		if i == 0 || split[i] != split[i-1] || checkpoint[i] != checkpoint[i-1] {
			parts = append(parts, OutcomePart{Split: strings.Clone(split[i]), Checkpoint: strings.Clone(checkpoint[i])})
		}
		parts[len(parts)-1].Rows++
	}
	return parts
}
