//go:build !windows

package disk

import "os"

// syncPath makes a file, or the names in a folder, durable.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// openToSync opens a file to read and sync it.
func openToSync(path string) (*os.File, error) {
	f, _, err := openRegular(path, os.O_RDONLY)
	return f, err
}

// moveNew renames a file, which may be open, to an unused name. It fails if the name is in use, or
// if the file system has no links.
func moveNew(path, target string) error {
	if err := os.Link(path, target); err != nil {
		return err
	}
	return os.Remove(path)
}
