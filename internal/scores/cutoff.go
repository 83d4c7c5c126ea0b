package scores

import "fmt"

// CheckCutoff reports a cut-off of a ranking beyond the number of items. name is the parameter.
func CheckCutoff(name string, k, items int) error {
	if k <= items {
		return nil
	}
	return fmt.Errorf("%s is %d, but the data has only %d items; lower %s", name, k, items, name)
}
