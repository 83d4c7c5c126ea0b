package command

import (
	"os"
	"syscall"
)

// hasOtherNames reports whether a file has several hard links.
func hasOtherNames(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var info syscall.ByHandleFileInformation
	err = syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &info)
	return err != nil || info.NumberOfLinks > 1, nil
}
