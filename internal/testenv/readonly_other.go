//go:build !linux

package testenv

func readOnly(dir string) (undo func(), err error) { return withoutPermission(dir) }
