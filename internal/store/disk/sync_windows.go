package disk

import (
	"errors"
	"os"
)

// syncPath does nothing: Windows syncs neither folders nor read-only files.
func syncPath(string) error { return nil }

// openToSync opens a file to read and sync it: Windows syncs only what can be written.
func openToSync(path string) (*os.File, error) {
	f, _, err := openRegular(path, os.O_RDWR)
	return f, err
}

// moveNew fails: Windows does not move an open file.
func moveNew(_, _ string) error { return errors.ErrUnsupported }
