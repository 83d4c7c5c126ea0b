package identity

import (
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// At returns the identity of a file, or of a link itself.
func At(path string) (Identity, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return Identity{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	const flags = windows.FILE_FLAG_OPEN_REPARSE_POINT | windows.FILE_FLAG_BACKUP_SEMANTICS // links and folders, too
	h, err := windows.CreateFile(name, windows.FILE_READ_ATTRIBUTES, share, nil, windows.OPEN_EXISTING, flags, 0)
	if err != nil {
		return Identity{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer windows.CloseHandle(h)
	return identityOf(h, path)
}

// of returns the identity of an open file.
func of(f *os.File) (Identity, error) { return identityOf(windows.Handle(f.Fd()), f.Name()) }

// basicInfo is FILE_BASIC_INFO.
type basicInfo struct {
	created, accessed, written, changed int64 // in units of 100 ns
	attributes                          uint32
}

func identityOf(h windows.Handle, path string) (Identity, error) {
	var about windows.ByHandleFileInformation
	var times basicInfo
	err := windows.GetFileInformationByHandle(h, &about)
	if err == nil {
		err = windows.GetFileInformationByHandleEx(h, windows.FileBasicInfo, (*byte)(unsafe.Pointer(&times)), uint32(unsafe.Sizeof(times)))
	}
	if err != nil {
		return Identity{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	const special = windows.FILE_ATTRIBUTE_DIRECTORY | windows.FILE_ATTRIBUTE_REPARSE_POINT
	return Identity{
		device: uint64(about.VolumeSerialNumber), number: uint64(about.FileIndexHigh)<<32 | uint64(about.FileIndexLow),
		size:    int64(about.FileSizeHigh)<<32 | int64(about.FileSizeLow),
		written: nanoseconds(times.written), changed: nanoseconds(times.changed),
		regular: about.FileAttributes&special == 0,
	}, nil
}

// nanoseconds converts a time since 1601 to one since 1970.
func nanoseconds(t int64) int64 {
	const between = 116444736000000000 // in units of 100 ns
	return (t - between) * 100
}
