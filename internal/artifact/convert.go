package artifact

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
)

// Convert turns a table that another program wrote into foil's own form, in place: plain columns in
// their order, foil's types, no compression, interactions sorted. It returns whether it wrote the
// file, and leaves a file in foil's form as it is. The name of the file is that in its artifact. The
// error names the column, its type and the type that is needed.
func Convert(name, path string) (converted bool, err error) {
	c, ok := conversions[name]
	if !ok || c.read(path) == nil {
		return false, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	t, err := decodeForeign(raw)
	if err != nil {
		return false, err
	}
	var text bytes.Buffer
	if err := c.write(&text, t); err != nil {
		return false, err
	}
	// The file may be a link, or have other names: a new file replaces only this name.
	if err := os.Remove(path); err != nil {
		return false, err
	}
	return true, os.WriteFile(path, text.Bytes(), 0o666)
}

// A conversion reads a file in foil's form, or writes a foreign table in this form.
type conversion struct {
	read  func(path string) error
	write func(w io.Writer, t *foreignTable) error
}

var interactionsConversion = conversion{
	read:  func(path string) error { _, err := ReadInteractions(path); return err },
	write: func(w io.Writer, t *foreignTable) error { return writeForeign(w, t.interactions, WriteInteractions) },
}

var conversions = map[string]conversion{
	MetricsFile: {
		read:  func(path string) error { _, err := ReadMetrics(path); return err },
		write: func(w io.Writer, t *foreignTable) error { return writeForeign(w, t.metrics, WriteMetrics) },
	},
	OutcomesFile: {
		read:  func(path string) error { _, err := ReadOutcomes(path); return err },
		write: func(w io.Writer, t *foreignTable) error { return writeForeign(w, t.outcomes, WriteOutcomes) },
	},
	UsersFile: {
		read:  func(path string) error { _, err := ReadUsers(path); return err },
		write: func(w io.Writer, t *foreignTable) error { return writeForeign(w, t.users, WriteUsers) },
	},
	ItemsFile: {
		read:  func(path string) error { _, err := ReadItems(path); return err },
		write: func(w io.Writer, t *foreignTable) error { return writeForeign(w, t.items, WriteItems) },
	},
	ClassesFile: {
		read:  func(path string) error { _, err := ReadClasses(path); return err },
		write: func(w io.Writer, t *foreignTable) error { return writeForeign(w, t.classes, WriteClasses) },
	},
	InteractionsFile:     interactionsConversion,
	TrainFile:            interactionsConversion,
	ValidationInputFile:  interactionsConversion,
	ValidationTargetFile: interactionsConversion,
	TestInputFile:        interactionsConversion,
	TestTargetFile:       interactionsConversion,
}

func writeForeign[T any](w io.Writer, read func() (T, error), write func(io.Writer, T) error) error {
	v, err := read()
	if err != nil {
		return err
	}
	return write(w, v)
}

func (t *foreignTable) metrics() ([]Metric, error) {
	if err := t.only([]string{"name", "value"}, []string{"k", "group", "split", "checkpoint"}); err != nil {
		return nil, err
	}
	metrics := make([]Metric, t.rows)
	value, err := t.float64s(t.find("value"))
	if err != nil {
		return nil, err
	}
	for i, v := range value {
		metrics[i].Value = v
	}
	if column := t.find("k"); column >= 0 {
		k, err := t.int32s(column, true) // null: the metric has no cut-off
		if err != nil {
			return nil, err
		}
		for i, v := range k {
			metrics[i].K = int(v)
		}
	}
	for name, set := range map[string]func(m *Metric, text string){
		"name":       func(m *Metric, text string) { m.Name = text },
		"group":      func(m *Metric, text string) { m.Group = text },
		"split":      func(m *Metric, text string) { m.Split = text },
		"checkpoint": func(m *Metric, text string) { m.Checkpoint = text },
	} {
		column := t.find(name)
		if column < 0 {
			continue
		}
		texts, err := t.texts(column, name != "name")
		if err != nil {
			return nil, err
		}
		for i, text := range texts {
			set(&metrics[i], text)
		}
	}
	return metrics, nil
}

// interactions are sorted. A pair that occurs twice is an error, because foil would lose one.
func (t *foreignTable) interactions() (x Interactions, err error) {
	if err := t.only([]string{userColumn, itemColumn}, optionalColumns); err != nil {
		return x, err
	}
	users, err := t.int32s(t.find(userColumn), false)
	if err != nil {
		return x, err
	}
	items, err := t.int32s(t.find(itemColumn), false)
	if err != nil {
		return x, err
	}
	all := Interactions{User: users, Item: items}
	if column := t.find(RatingColumn); column >= 0 {
		if all.Rating, err = t.float64s(column); err != nil {
			return x, err
		}
	}
	if column := t.find(TimeColumn); column >= 0 {
		if all.Time, err = t.times(column); err != nil {
			return x, err
		}
	}
	if column := t.find(WeightColumn); column >= 0 {
		if all.Weight, err = t.float64s(column); err != nil {
			return x, err
		}
	}
	order := make([]int32, len(users))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		if users[a] != users[b] {
			return int(users[a]) - int(users[b])
		}
		return int(items[a]) - int(items[b])
	})
	for n, i := range order {
		if n > 0 && users[i] == users[order[n-1]] && items[i] == items[order[n-1]] {
			return x, fmt.Errorf("rows %d and %d are both the pair (%d, %d); each pair may occur once", order[n-1], i, users[i], items[i])
		}
	}
	return all.Select(order), nil
}

// users are in the order of the file, because interactions count its rows.
func (t *foreignTable) users() (u Users, err error) {
	id := t.find(userID)
	if id < 0 {
		return u, fmt.Errorf("column %q is missing; the columns are %s", userID, quoted(t.names()))
	}
	if u.ID, err = t.texts(id, false); err != nil {
		return u, err
	}
	for i, f := range t.fields {
		switch {
		case i == id || indexColumn.MatchString(f.Name):
			continue
		case f.Name == partColumn:
			if u.Part, err = t.texts(i, false); err != nil {
				return u, err
			}
			continue
		}
		a := Attribute{Name: f.Name}
		switch typ := valueType(f.Type); {
		case isText(typ) || typ.ID() == arrow.BOOL:
			a.Category, err = t.categories(i)
		case isNumeric(typ):
			a.Number, err = t.float32s(i)
		default:
			err = t.wrongType(i, "text (a categorical attribute) or a number", "string")
		}
		if err != nil {
			return u, err
		}
		u.Attributes = append(u.Attributes, a)
	}
	return u, nil
}

// categories reads texts, or true and false. Null is "".
func (t *foreignTable) categories(column int) ([]string, error) {
	if isText(t.fields[column].Type) {
		return t.texts(column, true)
	}
	values := make([]string, 0, t.rows)
	err := t.each(column, func(_ int, a arrow.Array, i int) error {
		text, _ := textAt(a, i)
		values = append(values, text)
		return nil
	})
	return values, err
}

func (t *foreignTable) items() (it Items, err error) {
	if err := t.only([]string{"item_id"}, []string{"title"}); err != nil {
		return it, err
	}
	if it.ID, err = t.texts(t.find("item_id"), false); err != nil {
		return it, err
	}
	if column := t.find("title"); column >= 0 {
		it.Title, err = t.texts(column, true)
	}
	return it, err
}
