package app

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"foil/internal/words"
	"foil/spec"
	"foil/stages"
)

//go:embed starters
var starterFiles embed.FS

// A Starter is an example that people change into an experiment of their own.
type Starter struct {
	Name, Doc string
	files     []string // with the name of the experiment in the place of Name
}

// Starters are the choices of foil new.
var Starters = []Starter{
	{"recommender", "a recommender with and without an adversary, and an attacker", []string{"recommender.yaml"}},
	{"classifier", "an image classifier, also with adversarial training, under attack", []string{"classifier.yaml"}},
	{"program", "your own program, in Python, beside a recommender of foil's", []string{"program.yaml", "program-model.py"}},
	{"data", "recommenders on your own file of interactions", []string{"data.yaml"}},
}

// FindStarter finds a choice by its name.
func FindStarter(name string) (*Starter, error) {
	var names []string
	for i, s := range Starters {
		if s.Name == name {
			return &Starters[i], nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("there is no choice %q%s (the choices are %s, and kind)", name, spec.Suggestion(name, names), strings.Join(names, ", "))
}

// Write writes the files of an experiment with a name to a folder, and returns their paths.
func (s *Starter) Write(dir, name string) ([]string, error) {
	if !spec.IsName(name) {
		return nil, fmt.Errorf("%q cannot be the name of an experiment: a name is a letter, then letters, digits, - and _, and no word of YAML such as true", name)
	}
	files := map[string]string{}
	for _, file := range s.files {
		files[name+strings.TrimPrefix(file, s.Name)] = starterText(file, "NAME", name)
	}
	return writeNew(dir, files)
}

// starterText is an embedded file, with words replaced.
func starterText(file string, oldnew ...string) string {
	text, err := starterFiles.ReadFile("starters/" + file)
	if err != nil {
		panic(err) // it is part of the program
	}
	return strings.NewReplacer(oldnew...).Replace(string(text))
}

// kindFamilies are the families that WriteKind has a skeleton for.
var kindFamilies = []string{"load", "filter", "evaluate"}

// kindName is the name of a kind: family/name.
var kindName = regexp.MustCompile(`^([a-z]+)/([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$`)

// A NewKind is the skeleton of a kind.
type NewKind struct {
	Files []string
	Line  string // for stages/stages.go
}

// WriteKind writes the Go files of a kind, such as filter/min-age, into a checkout of foil.
func WriteKind(checkout, name string) (*NewKind, error) {
	parts := kindName.FindStringSubmatch(name)
	if parts == nil {
		return nil, fmt.Errorf("%q cannot be the name of a kind: it is FAMILY/NAME in small letters, digits and -, such as filter/min-age", name)
	}
	family, bare := parts[1], parts[2]
	if !slices.Contains(kindFamilies, family) {
		return nil, fmt.Errorf("there are skeletons of kinds in the families %s, not in %q; for others, docs/architecture.md (A new kind) names the shortest kinds to start from",
			words.And(kindFamilies), family)
	}
	for _, k := range stages.All() {
		if k.Name == name {
			return nil, fmt.Errorf("foil has a kind %s already: foil kinds %s", name, name)
		}
	}
	if _, err := os.Stat(filepath.Join(checkout, "stages", "stages.go")); err != nil {
		return nil, fmt.Errorf("%s is not a checkout of foil's source, because it has no stages/stages.go; name one with --to", checkout)
	}
	exported := ""
	for word := range strings.SplitSeq(bare, "-") {
		exported += strings.ToUpper(word[:1]) + word[1:]
	}
	private := string(unicode.ToLower(rune(exported[0]))) + exported[1:]
	file := strings.ReplaceAll(bare, "-", "")
	files := map[string]string{}
	for suffix, from := range map[string]string{".go": ".go.txt", "_test.go": "_test.go.txt"} {
		files[file+suffix] = starterText("kind-"+family+from, "FAMILY/NAME", name, "Exported", exported, "private", private)
	}
	written, err := writeNew(filepath.Join(checkout, "stages", family), files)
	if err != nil {
		return nil, err
	}
	return &NewKind{Files: written, Line: family + "." + exported + "(),"}, nil
}

// writeNew writes files that are not there yet. If one cannot be written, it writes none.
func writeNew(dir string, files map[string]string) (written []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			for _, path := range written {
				os.Remove(path)
			}
			written = nil
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			return written, fmt.Errorf("%s is there already, and is not overwritten; choose another name", path)
		}
		if err != nil {
			return written, err
		}
		written = append(written, path)
		_, err = f.WriteString(files[name])
		if err := errors.Join(err, f.Close()); err != nil {
			return written, err
		}
	}
	return written, nil
}
