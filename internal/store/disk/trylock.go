package disk

import "os"

// TryLock takes the operating system's exclusive lock on an open file, for files outside of a
// cache. ok is false if somebody else holds a lock. The error means that locks do not work there.
// The lock ends when the file is closed, or with the process.
func TryLock(f *os.File) (ok bool, err error) { return lockFile(f) }
