//go:build !(linux || darwin)

package disk

// networkFileSystem is not known on this system. Only the probe of the locks decides.
func networkFileSystem(string) string { return "" }
