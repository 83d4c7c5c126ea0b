package digest

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Limits of file names. Most file systems have the first one for a part of a path.
const (
	maxPart = 255  // bytes between two slashes
	maxName = 1024 // bytes
)

// CheckName reports why a file of an artifact must not have a name, or returns nil. Records travel
// to other systems, so a name must be local on all of them: it never leads out of the folder that
// it is joined to.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("is empty")
	case len(name) > maxName:
		return fmt.Errorf("has %d bytes, which is more than %d", len(name), maxName)
	}
	if err := CheckText(name); err != nil {
		return err
	}
	for part := range strings.SplitSeq(name, "/") {
		if err := checkPart(part); err != nil {
			return err
		}
	}
	return nil
}

func checkPart(part string) error {
	switch {
	case part == "" || part == "." || part == "..":
		return errors.New("is not a plain path with forward slashes, such as folder/file")
	case len(part) > maxPart:
		return fmt.Errorf("has a part of %d bytes, which is more than %d", len(part), maxPart)
	case strings.ContainsAny(part, `\:`):
		return errors.New(`contains \ or :, which lead to other folders on Windows`)
	case strings.HasSuffix(part, ".") || strings.HasSuffix(part, " "):
		return errors.New("has a part that ends in a dot or a space, which Windows drops")
	case IsDevice(part):
		return errors.New("is the name of a device on Windows")
	}
	return nil
}

// IsDevice reports whether Windows takes a name for that of a device, with any extension.
func IsDevice(part string) bool {
	base, _, _ := strings.Cut(part, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, ok := strings.CutPrefix(base, "COM")
	if !ok {
		port, ok = strings.CutPrefix(base, "LPT")
	}
	return ok && utf8.RuneCountInString(port) == 1 && strings.ContainsAny(port, "0123456789¹²³")
}

// CheckText reports why a text is not a line that can be shown: it must be UTF-8 without control
// characters, line separators and marks that change the direction of writing.
func CheckText(text string) error {
	if isPlain(text) {
		return nil
	}
	for i, r := range text {
		switch {
		case r == utf8.RuneError && isInvalid(text[i:]):
			return errors.New("is not UTF-8")
		case unicode.IsControl(r), unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp):
			return fmt.Errorf("contains the control character %U", r)
		}
	}
	return nil
}

// isPlain reports whether a text has only printable ASCII characters.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

func isInvalid(text string) bool {
	_, size := utf8.DecodeRuneInString(text)
	return size == 1
}

// CheckFiles reports why a list of files cannot be that of an artifact, or returns nil. The names
// must be sorted, and different on systems that ignore case, too. No name may be the folder of
// another one.
func CheckFiles(files []File) error {
	simple := true // no two names can be equal, and none is a folder
	for i, f := range files {
		if err := CheckName(f.Name); err != nil {
			return fmt.Errorf("the file name %q %w", f.Name[:min(len(f.Name), 2*maxPart)], err)
		}
		if i > 0 && files[i-1].Name >= f.Name {
			return fmt.Errorf("the file names %q and %q are not sorted, or they are equal", files[i-1].Name, f.Name)
		}
		simple = simple && !strings.Contains(f.Name, "/") && isFolded(f.Name)
	}
	if simple {
		return nil
	}
	names := make(map[string]string, len(files)) // by folded name
	for _, f := range files {
		folded := Fold(f.Name)
		if other, ok := names[folded]; ok {
			return fmt.Errorf("the file names %q and %q are equal on systems that ignore case", other, f.Name)
		}
		names[folded] = f.Name
	}
	for _, f := range files {
		folded := Fold(f.Name)
		for i := range len(folded) {
			if other, ok := names[folded[:i]]; ok && folded[i] == '/' {
				return fmt.Errorf("%q is a file and the folder of %q", other, f.Name)
			}
		}
	}
	return nil
}

// isFolded reports whether Fold does not change an ASCII text.
func isFolded(name string) bool {
	for i := range len(name) {
		if c := name[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// Fold makes names equal that a common file system takes for the same: it ignores case, and whether
// an accent is a character of its own.
func Fold(name string) string {
	if isFolded(name) {
		return name
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(name)))
}
