package app

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"foil/internal/publish"
)

// variantFolder names the folder of a run: NAME, or NAME@VARIANT for a run with --set or --only. A
// variant reads like the flags: "lambda=0,400+only=table". Where that would be ambiguous, because
// texts have been shortened, or because they have capital letters, a hash is added.
func variantFolder(name string, sets, only []string) string {
	if len(sets)+len(only) == 0 {
		return publish.FolderName(name, name)
	}
	var readable, exact []string
	add := func(r, e string) {
		readable = append(readable, r)
		exact = append(exact, e)
	}
	for _, set := range sets {
		add(setText(set))
	}
	only = slices.Clone(only) // selections add up in any order
	slices.Sort(only)
	for _, cells := range slices.Compact(only) {
		add(onlyText(cells))
	}
	return publish.FolderName(name+"@"+strings.Join(readable, "+"), name+"@"+strings.Join(exact, "+"))
}

// These texts stand for themselves in the name of a variant. They have no capital letters, because
// some file systems ignore case.
var (
	plainPath  = regexp.MustCompile(`^[a-z0-9_.\[\]-]+$`)
	plainValue = regexp.MustCompile(`^[a-z0-9_.-]+$`)
	plainList  = regexp.MustCompile(`^\[ *[a-z0-9_.-]+(?: *, *[a-z0-9_.-]+)* *\]$`)
	plainCells = regexp.MustCompile(`^[a-z0-9_-]+(?:\[[a-z0-9_.,=-]+\])?$`)
)

// Paths of variables and parameters are shortened: vars.lambda is lambda, and
// stages.model.with.epochs is model.epochs. All other paths, and those whose short form would look
// like one of them, are not.
var (
	variable  = regexp.MustCompile(`^vars\.([^.]+)$`)
	parameter = regexp.MustCompile(`^stages\.([^.]+)\.with(\..+)$`)
	otherPath = regexp.MustCompile(`^(?:name|title|cites|mode|seed|vars|stages|extend|only)(?:$|[.\[])`)
)

func shortPath(path string) string {
	short := variable.ReplaceAllString(parameter.ReplaceAllString(path, "$1$2"), "$1")
	if otherPath.MatchString(short) {
		return path
	}
	return short
}

// setText returns a --set for people, and a text that is different for every --set. Both are the
// same if the first is not ambiguous.
func setText(set string) (readable, exact string) {
	path, value, _ := strings.Cut(set, "=")
	exact = strconv.Quote(set)
	plain := plainPath.MatchString(path) && otherPath.MatchString(path)
	switch {
	case plainValue.MatchString(value):
	case plainList.MatchString(value):
		value = strings.ReplaceAll(value, " ", "")
		if strings.Contains(value, ",") {
			value = strings.Trim(value, "[]") // a list of one element keeps its brackets
		}
	default:
		plain = false
	}
	readable = shortPath(path) + "=" + value
	if plain {
		exact = readable
	}
	return readable, exact
}

// onlyText is setText for --only.
func onlyText(cells string) (readable, exact string) {
	cells = strings.TrimSpace(cells)
	readable, exact = "only="+cells, "only="+strconv.Quote(cells)
	if plainCells.MatchString(cells) {
		exact = readable
	}
	return readable, exact
}
