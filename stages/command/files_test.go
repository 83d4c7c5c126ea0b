package command

import (
	"strings"
	"testing"
	"testing/fstest"

	"foil/internal/digest"
	"foil/spec"
)

func TestFilesAreFoundByNameAndPattern(t *testing.T) {
	beside := fstest.MapFS{
		"a.py":       {Data: []byte("a")},
		"b.py":       {Data: []byte("b")},
		"lib/c.py":   {Data: []byte("c")},
		"lib/x/d.py": {Data: []byte("d")},
		"out/e.py":   {Data: []byte("e")},
		"big":        {Data: make([]byte, maxFile+1)},
	}
	for patterns, want := range map[string]string{
		"":                   "",
		"a.py":               "a.py",
		"b.py a.py":          "a.py b.py",
		"*.py a.py":          "a.py b.py",
		"lib/* a.py":         "a.py lib/c.py",
		"l?b/[a-c].py":       "lib/c.py",
		"c.py":               `files[0]: no file "c.py" beside the spec`,
		"a.py lib":           `files[1]: "lib" is a folder`,
		"lib/x/d.py lib/x/*": "lib/x/d.py",
		"l*":                 `files[0]: "l*" matches only folders`,
		"*/e.py":             `files[0]: "out/e.py" is in a folder with a reserved name`,
		"big":                `files[0]: "big" has 1048577 bytes`,
	} {
		sources, err := findFiles(beside, strings.Fields(patterns))
		var names []string
		for _, s := range sources {
			names = append(names, s.Name)
			if s.Digest != digest.Of(beside[s.Name].Data) || string(s.Content) != string(beside[s.Name].Data) {
				t.Errorf("%s has the content %q, digest %s", s.Name, s.Content, s.Digest)
			}
		}
		if got := strings.Join(names, " "); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %s (%v), want %s", patterns, got, err, want)
		}
	}
	if _, err := findFiles(nil, []string{"a.py"}); err == nil {
		t.Error("files are found where there are none")
	}
}

// How files are named, and what says where to compute, changes no output.
func TestFilesAndInheritAreNotInTheKeyByName(t *testing.T) {
	p := Params{Run: []spec.Text{"1"}, Type: typeFiles}
	before := spec.Canonical(&p)
	p.Files, p.Inherit = []string{"a.py"}, []string{"LD_LIBRARY_PATH"}
	if after := spec.Canonical(&p); after != before {
		t.Errorf("got  %s\nwant %s", after, before)
	}
	p.Env = map[string]spec.Text{"A": "1"}
	if spec.Canonical(&p) == before {
		t.Error("env is not in the key")
	}
}
