package command

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// Patterns are those of files and outputs. A name that exists is that file, even if it has special
// characters. Otherwise, and in each folder of a path on its own:
//
//	*        any characters, except a slash
//	?        one character
//	[a-z_]   one of these characters; [!a-z] and [^a-z] one other character; [[:digit:]] as in a shell
//	**       as a whole part of a path: any number of folders, also none
//	\*       the character itself
//	NAME/    all files in a folder and below it
//
// As in a shell, only a dot matches a dot at the beginning of a name, except in NAME/. A bracket that
// is not closed is that character. ** does not follow links to folders.

// A match is a path that a pattern stands for.
type match struct {
	path  string
	named bool // the pattern is this path, without special characters that were used
}

// glob lists the paths that a pattern stands for, sorted. They may be folders, links and other
// files. A path without special characters is listed whether it exists or not.
func glob(root fs.FS, pattern string) ([]match, error) {
	g := &globber{root: root, seen: map[string]bool{}}
	folder, whole := strings.CutSuffix(pattern, "/")
	if err := g.expand(".", strings.Split(folder, "/"), true); err != nil {
		return nil, err
	}
	if whole {
		if err := g.below(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(g.found, func(a, b match) int { return strings.Compare(a.path, b.path) })
	return g.found, nil
}

type globber struct {
	root  fs.FS
	found []match
	seen  map[string]bool
}

// expand finds the rest of a pattern in a folder.
func (g *globber) expand(dir string, parts []string, named bool) error {
	part, rest := parts[0], parts[1:]
	if !strings.ContainsAny(part, `*?[\`) {
		name := path.Join(dir, part)
		if !named {
			if _, err := fs.Lstat(g.root, name); isMissing(err) {
				return nil
			}
		}
		return g.enter(name, rest, named)
	}
	entries, err := readDir(g.root, dir)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == part }) {
		return g.enter(path.Join(dir, part), rest, named)
	}
	if part == "**" {
		return g.anyFolder(dir, entries, rest)
	}
	for _, e := range entries {
		if matches(part, e.Name()) {
			if err := g.enter(path.Join(dir, e.Name()), rest, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// enter goes on in a folder, or adds a path at the end of a pattern.
func (g *globber) enter(name string, rest []string, named bool) error {
	if len(rest) > 0 {
		return g.expand(name, rest, named)
	}
	g.add(name, named)
	return nil
}

func (g *globber) add(name string, named bool) {
	if !g.seen[name] {
		g.seen[name] = true
		g.found = append(g.found, match{name, named})
	}
}

// anyFolder finds the rest of a pattern behind ** in a folder and in all folders below it.
func (g *globber) anyFolder(dir string, entries []fs.DirEntry, rest []string) error {
	for len(rest) > 0 && rest[0] == "**" {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		rest = []string{"*"}
	}
	if err := g.expand(dir, rest, false); err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		sub := path.Join(dir, e.Name())
		below, err := readDir(g.root, sub)
		if err == nil {
			err = g.anyFolder(sub, below, rest)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// below replaces the folders that were found by all files in them. Other files stay, and the caller
// says that they are no folders.
func (g *globber) below() error {
	folders := g.found
	g.found = nil
	for _, f := range folders {
		err := fs.WalkDir(g.root, f.path, func(name string, e fs.DirEntry, err error) error {
			switch {
			case err != nil && name == f.path && isMissing(err):
				return nil
			case err != nil:
				return err
			case !e.IsDir() && name != f.path:
				g.add(name, false)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readDir lists a folder. What is not there, or is no folder, has no entries.
func readDir(root fs.FS, dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(root, dir)
	if err == nil {
		return entries, nil
	}
	if info, statErr := fs.Stat(root, dir); isMissing(statErr) || statErr == nil && !info.IsDir() {
		return nil, nil
	}
	return nil, err
}

// isMissing reports whether there is nothing at a path: it or a folder of it is missing, or links
// lead in a circle.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// matches compares one part of a path with one part of a pattern.
func matches(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") && !strings.HasPrefix(pattern, `\.`) {
		return false
	}
	// After a mismatch, the last star takes one more character. Earlier stars need not change.
	star, from := -1, 0
	for p, n := 0, 0; p < len(pattern) || n < len(name); {
		if p < len(pattern) && pattern[p] == '*' {
			star, from = p, n
			p++
			continue
		}
		if p < len(pattern) && n < len(name) {
			if ok, length := matchOne(pattern[p:], name[n:]); ok {
				_, size := utf8.DecodeRuneInString(name[n:])
				p, n = p+length, n+size
				continue
			}
		}
		if star < 0 || from >= len(name) {
			return false
		}
		_, size := utf8.DecodeRuneInString(name[from:])
		from += size
		p, n = star+1, from
	}
	return true
}

// matchOne compares the first character of a name with the beginning of a pattern, and returns the
// length of that.
func matchOne(pattern, name string) (ok bool, length int) {
	switch pattern[0] {
	case '?':
		return true, 1
	case '[':
		r, _ := utf8.DecodeRuneInString(name)
		if ok, length, closed := matchClass(pattern, r); closed {
			return ok, length
		}
	case '\\':
		if len(pattern) > 1 {
			_, size := utf8.DecodeRuneInString(pattern[1:])
			return strings.HasPrefix(name, pattern[1:1+size]), 1 + size
		}
	}
	_, size := utf8.DecodeRuneInString(pattern)
	return strings.HasPrefix(name, pattern[:size]), size
}

// classes are the names that can stand in brackets.
var classes = map[string]func(rune) bool{
	"alpha": unicode.IsLetter, "digit": func(r rune) bool { return r >= '0' && r <= '9' },
	"alnum": func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) },
	"upper": unicode.IsUpper, "lower": unicode.IsLower, "space": unicode.IsSpace, "punct": unicode.IsPunct,
}

// matchClass compares a character with [...] at the beginning of a pattern.
func matchClass(pattern string, r rune) (ok bool, length int, closed bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return ok != negated, i + 1, true
		}
		if name, rest, found := strings.Cut(pattern[i:], ":]"); found && strings.HasPrefix(name, "[:") {
			if in := classes[name[2:]]; in != nil {
				ok = ok || in(r)
				i = len(pattern) - len(rest)
				continue
			}
		}
		low, size := classChar(pattern[i:])
		i += size
		high := low
		if strings.HasPrefix(pattern[i:], "-") && i+1 < len(pattern) && pattern[i+1] != ']' {
			high, size = classChar(pattern[i+1:])
			i += 1 + size
		}
		ok = ok || low <= r && r <= high
	}
	return false, 0, false
}

// classChar reads a character in brackets, which a backslash may precede.
func classChar(pattern string) (rune, int) {
	if pattern[0] == '\\' && len(pattern) > 1 {
		r, size := utf8.DecodeRuneInString(pattern[1:])
		return r, size + 1
	}
	return utf8.DecodeRuneInString(pattern)
}

// isLocal reports whether a pattern stays in its folder.
func isLocal(pattern string) bool {
	name := strings.TrimSuffix(pattern, "/")
	return fs.ValidPath(name) && name != "."
}

// matchesAtTop reports whether a pattern matches a name that is in no folder.
func matchesAtTop(pattern, name string) bool {
	for strings.HasPrefix(pattern, "**/") {
		pattern = pattern[len("**/"):]
	}
	return pattern == name || matches(pattern, name)
}
