package report

import "slices"

// origins lists all cells of the stages that columns are from.
func (b *builder) origins() ([]OriginTable, error) {
	var all []OriginTable
	columns := b.columns()
	for _, s := range b.stages {
		t := OriginTable{From: clean(s.name), Axes: s.axes}
		var ids []series
		for i, of := range b.of {
			if of == s {
				t.Columns = append(t.Columns, columns[i])
				ids = append(ids, b.series[i])
			}
		}
		for _, c := range s.cells {
			row := OriginCell{Digest: c.Digest, Axes: slices.Clone(c.Axes)}
			for _, id := range ids {
				v, ok, err := s.get(c, id)
				if err != nil {
					return nil, err
				}
				if ok {
					row.Values = append(row.Values, &v)
				} else {
					row.Values = append(row.Values, nil)
				}
			}
			t.Cells = append(t.Cells, row)
		}
		all = append(all, t)
	}
	return all, nil
}
