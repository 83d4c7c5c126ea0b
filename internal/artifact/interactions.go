package artifact

import (
	"fmt"
	"io"
	"math"
)

// Interactions are pairs of a user and an item, as row numbers of the users' and the items' tables.
// They are sorted by user, then item, without repetitions.
type Interactions struct{ User, Item []int32 }

// Len is the number of pairs.
func (x Interactions) Len() int { return len(x.User) }

// WriteInteractions checks the order of x and writes it.
func WriteInteractions(w io.Writer, x Interactions) error {
	if err := x.check(math.MaxInt32, math.MaxInt32); err != nil {
		return err
	}
	return encode(w, int32Column("user", x.User), int32Column("item", x.Item))
}

// ReadInteractions reads and checks the file at path. The slices share its bytes.
func ReadInteractions(path string) (x Interactions, err error) {
	return readInteractions(path, math.MaxInt32, math.MaxInt32)
}

func readInteractions(path string, users, items int) (x Interactions, err error) {
	err = readTable(path, func(t *table) (err error) {
		x, err = t.interactions(users, items)
		return err
	})
	return x, err
}

func (t *table) interactions(users, items int) (x Interactions, err error) {
	if err := t.expect("user", "item"); err != nil {
		return x, err
	}
	if x.User, err = t.int32(0); err != nil {
		return x, err
	}
	if x.Item, err = t.int32(1); err != nil {
		return x, err
	}
	return x, x.check(users, items)
}

// check looks at order and bounds: 0 <= user < users, 0 <= item < items.
func (x Interactions) check(users, items int) error {
	if len(x.User) != len(x.Item) {
		return fmt.Errorf("%d users but %d items; there must be one of each per pair", len(x.User), len(x.Item))
	}
	before := int64(-1)
	for i, u := range x.User {
		v := x.Item[i]
		if u < 0 || int(u) >= users {
			return fmt.Errorf("column %q, row %d: %d is outside 0..%d", "user", i, u, users-1)
		}
		if v < 0 || int(v) >= items {
			return fmt.Errorf("column %q, row %d: %d is outside 0..%d", "item", i, v, items-1)
		}
		pair := int64(u)<<32 | int64(v)
		if pair <= before {
			return fmt.Errorf("row %d: the pair (%d, %d) is not after the previous one; rows must be sorted by user, then item, without repetitions", i, u, v)
		}
		before = pair
	}
	return nil
}
