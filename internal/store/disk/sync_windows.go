package disk

import "errors"

// syncPath does nothing: Windows syncs neither folders nor what is read-only.
func syncPath(string) error { return nil }

// moveNew fails: Windows does not move a file that is open.
func moveNew(_, _ string) error { return errors.ErrUnsupported }
