package artifact

import (
	"fmt"
	"io"
	"slices"
)

// WriteClasses writes the names of classes.
func WriteClasses(w io.Writer, names []string) error {
	if err := checkClasses(names); err != nil {
		return err
	}
	c, err := textColumn("name", names, false)
	if err != nil {
		return err
	}
	return encode(w, c)
}

// ReadClasses reads and checks the file at path.
func ReadClasses(path string) (names []string, err error) {
	err = readTable(path, func(t *table) error {
		if err := t.expect("name"); err != nil {
			return err
		}
		if names, err = t.text(0, false); err != nil {
			return err
		}
		return checkClasses(names)
	})
	return names, err
}

func checkClasses(names []string) error {
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			return fmt.Errorf("class %d is called %q; every class needs a unique name", i, name)
		}
	}
	return nil
}
