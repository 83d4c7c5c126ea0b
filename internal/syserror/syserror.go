// Package syserror writes errors of the operating system in plain words.
//
// Go's own text names the system call: "open x: no such file or directory". Text says what is wrong
// with the path instead: "there is no file x". It does so within longer messages, too.
package syserror

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Text is the text of an error, with all errors about paths in it in plain words.
func Text(err error) string {
	text := err.Error()
	replace(err, &text)
	return text
}

// Create is the operation of a fs.PathError about a new file, which cannot be missing.
const Create = "create"

// replace goes through an error and all that it wraps.
func replace(err error, text *string) {
	switch e := err.(type) {
	case *fs.PathError:
		*text = strings.Replace(*text, e.Error(), pathText(e), 1)
		return
	case *os.LinkError:
		*text = strings.Replace(*text, e.Error(), fmt.Sprintf("%s cannot be renamed to %s: %v", e.Old, e.New, e.Err), 1)
		return
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			replace(part, text)
		}
		return
	}
	if inner := errors.Unwrap(err); inner != nil {
		replace(inner, text)
	}
}

func pathText(e *fs.PathError) string {
	name := e.Path
	if name == "" {
		name = `""`
	}
	switch {
	case errors.Is(e.Err, syscall.ENOTDIR), e.Err.Error() == syscall.ENOTDIR.Error(): // os.Root has an error of its own
		return fmt.Sprintf("%s is a file, not a folder", notFolder(e.Path))
	case errors.Is(e.Err, syscall.EISDIR):
		return name + " is a folder, not a file"
	case errors.Is(e.Err, fs.ErrNotExist):
		return missing(e.Op, name)
	}
	if doing := doings[e.Op]; doing != "" {
		name = doing + " " + name
	}
	return fmt.Sprintf("%s: %v", name, e.Err)
}

// doings are what system calls do.
var doings = map[string]string{
	"open": "opening", "openat": "opening", "read": "reading", "write": "writing", Create: "making", "mkdir": "making", "mkdirat": "making",
	"remove": "removing", "unlinkat": "removing", "chmod": "changing the permissions of", "sync": "writing", "close": "writing", "truncate": "writing",
}

// missing says what does not exist: the folder of a path, or what the path names.
func missing(op, path string) string {
	dir := filepath.Dir(path)
	switch info, err := os.Stat(dir); {
	case err != nil:
		return "there is no folder " + dir
	case (strings.HasPrefix(op, "mkdir") || op == Create) && info.IsDir():
		return "the system lets nobody make " + path
	case strings.HasPrefix(op, "open"):
		return "there is no file " + path
	}
	return "there is no file or folder " + path
}

// notFolder is the part of a path that is a file, although it must be a folder.
func notFolder(path string) string {
	file := path
	for at := path; ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil {
			if !info.IsDir() {
				file = at
			}
			return file
		}
		if at == filepath.Dir(at) {
			return file
		}
	}
}
