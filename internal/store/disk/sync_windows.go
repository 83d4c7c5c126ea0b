package disk

import "errors"

// syncPath does nothing: Windows syncs neither folders nor read-only files.
func syncPath(string) error { return nil }

// moveNew fails: Windows does not move an open file.
func moveNew(_, _ string) error { return errors.ErrUnsupported }
