//go:build cgo

package backend

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// describe fills in the version. Files that foil installed are described by their manifest, after a
// check. version is the one in the file's name; "": the file itself says it, or it is known by its
// content.
func (n *Native) describe(label, version string) error {
	m, err := installedBeside(n.Path)
	switch {
	case err != nil:
		return err
	case m != nil:
		version, n.sum = m.Version, m.library().SHA256
	case version == "":
		version = symbolVersion(n.Path)
	}
	if version != "" {
		n.Version = label + " v" + version
		return nil
	}
	sum, err := n.Digest()
	n.Version = fmt.Sprintf("%s sha256:%.16s", label, sum)
	return err
}

// symbolVersion is the version of the symbols of an ELF file (VERS_1.26.0), or "".
func symbolVersion(path string) string {
	library, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer library.Close()
	versions, err := library.DynamicVersions()
	if err != nil {
		return ""
	}
	for _, v := range versions {
		if number, ok := strings.CutPrefix(v.Name, "VERS_"); ok {
			return number
		}
	}
	return ""
}

// installedLibrary is the path of the library of a package, or "".
func installedLibrary(name string) string {
	p := PackageNamed(name)
	dir, err := p.Dir()
	if err != nil {
		return ""
	}
	if w := p.Wheel(); w != nil {
		if path := filepath.Join(dir, filepath.Base(w.Library)); isFile(path) {
			return path
		}
	}
	return ""
}

// isFile reports whether a path is that of a file, or of a link to one.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
