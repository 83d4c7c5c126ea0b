package command

import (
	"io/fs"
	"os"
	"path/filepath"
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

// What editors and other programs leave beside a spec does not change a key.
func TestPatternsIgnoreWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"train.py", "._train.py", ".train.py.swp", "lib/x.py", "a[1].py", "a1.py"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{".#train.py": "me@host.1234:17", "gone.py": "nowhere.py", "here.py": "train.py", "loop.py": "loop.py"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	for patterns, want := range map[string]string{
		"*.py":       "a1.py a[1].py here.py train.py",
		"**/*.py":    "a1.py a[1].py here.py lib/x.py train.py",
		".*":         "._train.py .train.py.swp",
		"a[1].py":    "a[1].py",
		"[a-b]*.py":  "a1.py a[1].py",
		"lib/":       "lib/x.py",
		".#train.py": `files[0]: ".#train.py" is a link to "me@host.1234:17", which does not exist`,
		"gone.py":    `files[0]: "gone.py" is a link to "nowhere.py", which does not exist`,
		"gone*":      `files[0]: no file matches "gone*" beside the spec`,
		"nowhere/":   `files[0]: there is no folder "nowhere/" with files beside the spec`,
		"{a,b}.py":   `files[0]: no file "{a,b}.py" beside the spec`,
		"*.{py,sh}":  `braces are not part of patterns`,
		"lib":        `files[0]: "lib" is a folder; write lib/ for all files in it, or lib/* for those directly in it`,
		"trainn.py":  `did you mean "train.py"?`,
	} {
		sources, err := findFiles(os.DirFS(dir), strings.Fields(patterns))
		var names []string
		for _, s := range sources {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %s (%v), want %s", patterns, got, err, want)
		}
	}
}

// In the folders of several specs, a name can be a file and a folder.
func TestFileAndFolderOfOneNameAreAnError(t *testing.T) {
	beside := fstest.MapFS{"a/b": {}, "a/b/c": {}, "a-b": {}}
	if _, err := findFiles(beside, []string{"a/b/c", "a-b"}); err != nil {
		t.Error(err)
	}
	if _, err := findFiles(onlyOpen{beside}, []string{"a/b", "a/b/c"}); err == nil || !strings.Contains(err.Error(), `"a/b" is a file in one folder of the specs`) {
		t.Errorf("got %v", err)
	}
}

// onlyOpen makes every path a file.
type onlyOpen struct{ files fstest.MapFS }

func (o onlyOpen) Open(name string) (fs.File, error) {
	return fstest.MapFS{name: o.files[name]}.Open(name)
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
