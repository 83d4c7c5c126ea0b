package command

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A pin is the exact version of a package. If a file pins several, for different systems, the
// version lists them.
type pin struct{ name, version string }

var (
	requirement = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:===?\s*([^\s;,]+)|@\s*(\S+))\s*(;.*)?$`)
	packageName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*`)
	hashOption  = regexp.MustCompile(`\s--hash[= ]\s*sha(256|384|512):[0-9a-f]+`)
	separators  = regexp.MustCompile(`[-_.]+`)
	comment     = regexp.MustCompile(`(^|\s)#.*$`)
)

// includes are options of pip for what would not be part of the key, or not be pinned.
var includes = []string{"-r", "--requirement", "-c", "--constraint", "-e", "--editable"}

const withHashes = "uv pip compile --generate-hashes and pip-compile --generate-hashes write such files"

// parseRequirements reads a file for pip in which all packages have an exact version and hashes.
func parseRequirements(text []byte) ([]pin, error) {
	var pins []pin
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		first, line := i+1, lines[i]
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			line = strings.TrimSuffix(line, `\`) + " " + strings.TrimSpace(lines[i])
		}
		line = strings.TrimSpace(comment.ReplaceAllString(line, ""))
		switch {
		case line == "":
			continue
		case strings.HasPrefix(line, "-"):
			if option := optionOf(line); slices.Contains(includes, option) {
				return nil, fmt.Errorf("line %d: %s is not possible, because what it names is not part of the key; write one file with all packages (%s)", first, option, withHashes)
			}
			continue
		}
		hashed := hashOption.MatchString(line)
		m := requirement.FindStringSubmatch(strings.TrimSpace(hashOption.ReplaceAllString(line, "")))
		switch {
		case m == nil && packageName.FindString(line) == "":
			return nil, fmt.Errorf("line %d: %q is not a package with a version, as in numpy==2.1.0 (%s)", first, line, withHashes)
		case m == nil || strings.Contains(m[2], "*"):
			return nil, fmt.Errorf("line %d: %s has no exact version; write ==VERSION (%s)", first, packageName.FindString(line), withHashes)
		case !hashed:
			return nil, fmt.Errorf("line %d: %s has no hash; add --hash=sha256:... (%s)", first, m[1], withHashes)
		}
		pins = append(pins, pin{normalName(m[1]), m[2] + m[3]})
	}
	if pins == nil {
		return nil, errors.New("no packages are listed")
	}
	return mergePins(pins), nil
}

// optionOf is the option of a line that begins with one. A short option may be written together with
// its value.
func optionOf(line string) string {
	if !strings.HasPrefix(line, "--") && len(line) > 2 {
		return line[:2]
	}
	if i := strings.IndexAny(line, " =\t"); i > 0 {
		return line[:i]
	}
	return line
}

// normalName is the name of a package as indexes compare them.
func normalName(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// mergePins sorts packages, each once.
func mergePins(pins []pin) []pin {
	versions := map[string][]string{}
	var names []string
	for _, p := range pins {
		if versions[p.name] == nil {
			names = append(names, p.name)
		}
		if !slices.Contains(versions[p.name], p.version) {
			versions[p.name] = append(versions[p.name], p.version)
		}
	}
	slices.Sort(names)
	merged := make([]pin, len(names))
	for i, name := range names {
		slices.Sort(versions[name])
		merged[i] = pin{name, strings.Join(versions[name], " or ")}
	}
	return merged
}

// uvLine matches the lines of a package in uv.lock, which uv always writes in this form.
var uvLine = regexp.MustCompile(`^(name|version|source) = (?:"([^"]*)"|\{ (\w+) = "([^"]*)".*\})$`)

// parseUVLock reads the packages of uv.lock. The project itself is not installed.
func parseUVLock(text []byte) ([]pin, error) {
	var pins []pin
	var p pin
	inside, own := false, false
	end := func() {
		if inside && !own && p.name != "" {
			pins = append(pins, p)
		}
		p, inside, own = pin{}, false, false
	}
	for i, line := range strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n") {
		if strings.HasPrefix(line, "[") && !strings.HasPrefix(line, "[package.") {
			end()
			inside = line == "[[package]]"
		}
		m := uvLine.FindStringSubmatch(line)
		switch {
		case !inside || m == nil:
		case m[1] == "name":
			p.name = normalName(m[2])
		case m[1] == "version":
			p.version = m[2]
		case m[3] == "virtual" || m[3] == "editable" || m[3] == "directory":
			if m[4] != "." {
				return nil, fmt.Errorf("line %d: the package %s is the folder %q, whose content is not part of the key; build a wheel of it, or name its files in files", i+1, p.name, m[4])
			}
			own = true
		case m[3] == "git" && p.version == "":
			p.version = m[4]
		}
	}
	end()
	if !strings.Contains(string(text), "[[package]]") {
		return nil, errors.New("it is not a file that uv lock has written; run uv lock")
	}
	for i := range pins {
		if pins[i].version == "" {
			pins[i].version = "unknown"
		}
	}
	return mergePins(pins), nil
}
