package artifact

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
)

// The parts of a split, as Users.Part names them.
const (
	Train      = "train"
	Validation = "validation"
	Test       = "test"
)

// Users are the rows that Interactions.User counts: original ids, attributes and, after a split,
// the part of each user.
type Users struct {
	ID         []string
	Attributes []Attribute
	Part       []string // Train, Validation or Test; nil unless split
}

// An Attribute is one column about the users: categorical or numeric.
type Attribute struct {
	Name     string
	Category []string  // categorical; "" is missing
	Number   []float32 // numeric; NaN is missing
}

// IsNumeric reports whether the attribute holds numbers rather than categories.
func (a *Attribute) IsNumeric() bool { return a.Number != nil }

// Texts are the values as texts; "" is missing.
func (a *Attribute) Texts() []string {
	if !a.IsNumeric() {
		return a.Category
	}
	texts := make([]string, len(a.Number))
	for i, v := range a.Number {
		if !math.IsNaN(float64(v)) {
			texts[i] = strconv.FormatFloat(float64(v), 'g', -1, 32)
		}
	}
	return texts
}

// Len is the number of users.
func (u *Users) Len() int { return len(u.ID) }

// Attribute returns the attribute called name.
func (u *Users) Attribute(name string) (*Attribute, error) {
	have := make([]string, len(u.Attributes))
	for i := range u.Attributes {
		if u.Attributes[i].Name == name {
			return &u.Attributes[i], nil
		}
		have[i] = u.Attributes[i].Name
	}
	return nil, fmt.Errorf("the users have no attribute %q; they have %s", name, quoted(have))
}

// Select returns the users of the given rows, in that order.
func (u *Users) Select(rows []int32) Users {
	out := Users{ID: pick(u.ID, rows)}
	if u.Part != nil {
		out.Part = pick(u.Part, rows)
	}
	for _, a := range u.Attributes {
		b := Attribute{Name: a.Name}
		if a.IsNumeric() {
			b.Number = pick(a.Number, rows)
		} else {
			b.Category = pick(a.Category, rows)
		}
		out.Attributes = append(out.Attributes, b)
	}
	return out
}

func pick[T any](from []T, rows []int32) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = from[r]
	}
	return out
}

const (
	userID     = "user_id"
	partColumn = "part"
)

// WriteUsers writes u: user_id, the attributes in their order, and part.
func WriteUsers(w io.Writer, u Users) error {
	id, err := textColumn(userID, u.ID, false)
	if err != nil {
		return err
	}
	columns := []column{id}
	seen := []string{userID, partColumn}
	for _, a := range u.Attributes {
		if a.Name == "" || slices.Contains(seen, a.Name) {
			return fmt.Errorf("attribute %q: the name must be unique and must not be empty or reserved", a.Name)
		}
		seen = append(seen, a.Name)
		if a.IsNumeric() {
			columns = append(columns, float32Column(a.Name, a.Number))
			continue
		}
		c, err := textColumn(a.Name, a.Category, true)
		if err != nil {
			return err
		}
		columns = append(columns, c)
	}
	if u.Part != nil {
		if err := checkParts(u.Part); err != nil {
			return err
		}
		part, err := textColumn(partColumn, u.Part, false)
		if err != nil {
			return err
		}
		columns = append(columns, part)
	}
	return encode(w, columns...)
}

// ReadUsers reads and checks the file at path.
func ReadUsers(path string) (u Users, err error) {
	err = readTable(path, func(t *table) (err error) {
		u, err = t.users()
		return err
	})
	return u, err
}

func (t *table) users() (u Users, err error) {
	if len(t.fields) == 0 || t.fields[0].Name != userID {
		return u, fmt.Errorf("the first column is not %q", userID)
	}
	if u.ID, err = t.text(0, false); err != nil {
		return u, err
	}
	for i, f := range t.fields {
		a := Attribute{Name: f.Name}
		switch {
		case i == 0:
			continue
		case f.Name == partColumn:
			if u.Part, err = t.text(i, false); err == nil {
				err = checkParts(u.Part)
			}
			if err != nil {
				return u, err
			}
			continue
		case f.Type.ID() == arrow.STRING:
			a.Category, err = t.text(i, true)
		case f.Type.ID() == arrow.FLOAT32:
			a.Number, err = t.float32(i)
		default:
			err = fmt.Errorf("column %q is %s; an attribute is utf8 (categorical) or float32 (numeric)", f.Name, f.Type)
		}
		if err != nil {
			return u, err
		}
		u.Attributes = append(u.Attributes, a)
	}
	return u, nil
}

func checkParts(parts []string) error {
	for i, p := range parts {
		if p != Train && p != Validation && p != Test {
			return fmt.Errorf("column %q, row %d: %q is none of %s, %s, %s", partColumn, i, p, Train, Validation, Test)
		}
	}
	return nil
}
