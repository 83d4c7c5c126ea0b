package artifact

// Rows are interactions grouped by user, in compressed sparse rows: the items
// of User[i] are Item[Offset[i]:Offset[i+1]].
type Rows struct {
	User   []int32 // users that have at least one pair, ascending
	Offset []int32 // len(User) + 1
	Item   []int32 // ascending within a user
}

// NewRows groups x, which is sorted; Rows.Item is x.Item itself.
func NewRows(x Interactions) Rows {
	r := Rows{Item: x.Item}
	for i, u := range x.User {
		if i == 0 || u != x.User[i-1] {
			r.User = append(r.User, u)
			r.Offset = append(r.Offset, int32(i))
		}
	}
	r.Offset = append(r.Offset, int32(len(x.User)))
	return r
}

// Len is the number of users that have at least one pair.
func (r Rows) Len() int { return len(r.User) }

// Items returns the items of row i (of the user User[i]).
func (r Rows) Items(i int) []int32 { return r.Item[r.Offset[i]:r.Offset[i+1]] }

// Lists are the items of each row, which share Rows.Item.
func (r Rows) Lists() [][]int32 {
	lists := make([][]int32, r.Len())
	for i := range lists {
		lists[i] = r.Items(i)
	}
	return lists
}
