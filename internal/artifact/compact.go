package artifact

// Compact returns the dataset that has only the pairs x of d, and only the
// users and items that occur in x, in the order they had.
func Compact(d *Dataset, x Interactions) *Dataset {
	users, items := NewRenumbering(d.Users.Len()), NewRenumbering(d.Items.Len())
	users.Keep(x.User)
	items.Keep(x.Item)
	return &Dataset{
		Interactions: x.Renumbered(users, items),
		Users:        d.Users.Select(users.Kept()),
		Items:        d.Items.Select(items.Kept()),
	}
}

// Renumbered returns the pairs with the new numbers of their users and items.
func (x Interactions) Renumbered(users, items Renumbering) Interactions {
	x.User, x.Item = users.Apply(x.User), items.Apply(x.Item)
	return x
}

// A Renumbering drops rows of a table and numbers the others anew, in their order.
type Renumbering struct{ kept []bool }

// NewRenumbering is for a table of n rows, all dropped until they are kept.
func NewRenumbering(n int) Renumbering { return Renumbering{make([]bool, n)} }

// Keep keeps the rows.
func (r Renumbering) Keep(rows []int32) {
	for _, i := range rows {
		r.kept[i] = true
	}
}

// Has reports whether a row is kept.
func (r Renumbering) Has(row int32) bool { return r.kept[row] }

// Kept lists the rows that are kept, by their old numbers.
func (r Renumbering) Kept() []int32 {
	rows := []int32{}
	for i, k := range r.kept {
		if k {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// Apply returns the new numbers of rows that are kept.
func (r Renumbering) Apply(rows []int32) []int32 {
	number := make([]int32, len(r.kept))
	n := int32(0)
	for i, k := range r.kept {
		if k {
			number[i] = n
			n++
		}
	}
	out := make([]int32, len(rows))
	for i, old := range rows {
		out[i] = number[old]
	}
	return out
}
