package artifact

import (
	"fmt"
	"io"
)

// Items are the rows that Interactions.Item counts.
type Items struct {
	ID    []string
	Title []string // nil without titles; "" for a missing title
}

// Len is the number of items.
func (it *Items) Len() int { return len(it.ID) }

// Select returns the items of the given rows, in that order.
func (it *Items) Select(rows []int32) Items {
	out := Items{ID: pick(it.ID, rows)}
	if it.Title != nil {
		out.Title = pick(it.Title, rows)
	}
	return out
}

// WriteItems writes item_id and, where known, title.
func WriteItems(w io.Writer, it Items) error {
	id, err := textColumn("item_id", it.ID, false)
	if err != nil {
		return err
	}
	if it.Title == nil {
		return encode(w, id)
	}
	title, err := textColumn("title", it.Title, true)
	if err != nil {
		return err
	}
	return encode(w, id, title)
}

// ReadItems reads and checks the file at path.
func ReadItems(path string) (it Items, err error) {
	err = readTable(path, func(t *table) (err error) {
		it, err = t.items()
		return err
	})
	return it, err
}

func (t *table) items() (it Items, err error) {
	if len(t.fields) == 1 {
		err = t.expect("item_id")
	} else {
		err = t.expect("item_id", "title")
	}
	if err != nil {
		return it, fmt.Errorf("%w (title may be absent)", err)
	}
	if it.ID, err = t.text(0, false); err != nil {
		return it, err
	}
	if len(t.fields) == 2 {
		it.Title, err = t.text(1, true)
	}
	return it, err
}
