package publish

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"foil/internal/digest"
)

// maxName is the longest name of a folder in bytes. Some file systems allow no more than 143.
const maxName = 100

// shortHash is the usual number of hex digits in a name that had to change.
const shortHash = 8

// FolderName returns the name of the folder of something that people know as id. The name is id if
// that is portable. Otherwise it is close to readable and ends in a hash of id.
func FolderName(readable, id string) string {
	return folderName(readable, id, false, shortHash)
}

// FolderNames returns a name for the folder of each cell. Names differ on every file system, also
// on those that ignore case. They depend on the set of cells only, not on their order.
func FolderNames(cells []string) map[string]string {
	for digits := shortHash; ; digits *= 2 {
		users := map[string]int{} // of a name, by its folded form
		for _, c := range cells {
			users[folded(folderName(c, c, false, digits))]++
		}
		names := map[string]string{}
		final := map[string]bool{}
		for _, c := range cells {
			shared := users[folded(folderName(c, c, false, digits))] > 1
			names[c] = folderName(c, c, shared, digits)
			final[folded(names[c])] = true
		}
		if len(final) == len(names) || digits >= 2*len(digest.Digest{}) {
			return names
		}
	}
}

func folderName(readable, id string, hash bool, digits int) string {
	clean := portable(readable)
	if clean == id && !hash && len(clean) <= maxName {
		return clean
	}
	tail := "-" + digest.Of([]byte(id)).String()[:digits]
	return cut(clean, maxName-len(tail)) + tail
}

// portable replaces what some file system does not accept in a name, and what a shell, a URL or a
// makefile would take for something else, such as spaces, quotes, # and $.
func portable(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '"', r == '\'':
			return -1 // quotes are part of the names of cells
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-+=,@[]", r)):
			return r
		case r != utf8.RuneError && r >= utf8.RuneSelf && unicode.In(r, unicode.L, unicode.M, unicode.N):
			return r
		}
		return '_'
	}, norm.NFC.String(text))
	text = strings.TrimRight(text, ".")
	if digest.IsDevice(text) {
		text = strings.ReplaceAll(text, ".", "_") + "_"
	}
	return text
}

// cut shortens a text to at most n bytes.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return strings.TrimRight(text[:n], ".")
}

// folded is equal for names that any file system may take for one. It goes further than
// digest.Fold, by which the files of an artifact are refused: here, a name only gets a hash. So it
// also takes ı for i and ² for 2, as a few file systems do.
func folded(name string) string {
	return norm.NFKC.String(cases.Fold().String(strings.ToUpper(digest.Fold(name))))
}
