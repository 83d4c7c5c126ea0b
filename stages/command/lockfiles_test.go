package command

import (
	"strings"
	"testing"
)

const someHash = "--hash=sha256:00ff"

func pinsText(pins []pin) string {
	var texts []string
	for _, p := range pins {
		texts = append(texts, p.name+" "+p.version)
	}
	return strings.Join(texts, ", ")
}

func TestRequirementsArePinned(t *testing.T) {
	for name, c := range map[string]struct{ text, want, wrong string }{
		"a line":           {"numpy==2.1.0 " + someHash, "numpy 2.1.0", ""},
		"pip-compile":      {"--index-url https://x\n# by pip-compile\nnumpy==2.1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n    # via -r in.txt\nArrow_x.y==1 \\\r\n    " + someHash + "\r\n", "arrow-x-y 1, numpy 2.1.0", ""},
		"extras, a marker": {`torch[cuda] == 2.4 ; python_version < "3.13" ` + someHash, "torch 2.4", ""},
		"two systems":      {"a==2 ; x " + someHash + "\na==1 ; y " + someHash, "a 1 or 2", ""},
		"an address":       {"a @ https://x/a-1.whl#frag " + someHash, "a https://x/a-1.whl#frag", ""},
		"local version":    {"torch==2.4.0+cpu " + someHash, "torch 2.4.0+cpu", ""},
		"a comment":        {"a==1 " + someHash + " # why", "a 1", ""},
		"wheels":           {"-f wheels\n-fwheels\n--no-index\na==1 " + someHash, "a 1", ""},
		"no version":       {"\nnumpy\n", "", "line 2: numpy has no exact version; write ==VERSION"},
		"a range":          {"numpy>=2 " + someHash, "", "line 1: numpy has no exact version"},
		"two bounds":       {"numpy==2,<3 " + someHash, "", "line 1: numpy has no exact version"},
		"a wildcard":       {"numpy==2.* " + someHash, "", "line 1: numpy has no exact version"},
		"no hash":          {"a==1 " + someHash + "\nnumpy==2.1.0", "", "line 2: numpy has no hash; add --hash=sha256:..."},
		"another file":     {"-r base.txt", "", "line 1: -r is not possible, because what it names is not part of the key"},
		"another, joined":  {"-rbase.txt", "", "line 1: -r is not possible"},
		"constraints":      {"--constraint=c.txt", "", "line 1: --constraint is not possible"},
		"editable":         {"-e .", "", "line 1: -e is not possible"},
		"a path":           {"./a.whl " + someHash, "", `line 1: "./a.whl`},
		"empty":            {"# nothing\n", "", "no packages are listed"},
	} {
		pins, err := parseRequirements([]byte(c.text))
		if got := pinsText(pins); got != c.want || (err == nil) != (c.wrong == "") || err != nil && !strings.HasPrefix(err.Error(), c.wrong) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

const uvFile = `version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://pypi.org/simple" }
wheels = [
    { url = "https://x/numpy-2.1.0.whl", hash = "sha256:00", size = 1 },
]

[[package]]
name = "mine"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "numpy" },
]

[package.metadata]
requires-dist = [{ name = "numpy", specifier = ">=2" }]

[[package]]
name = "Deep_Git"
source = { git = "https://x/deep?rev=1#abc" }

[manifest]
name = "not-a-package"
`

func TestUVLockIsRead(t *testing.T) {
	for name, c := range map[string]struct{ text, want, wrong string }{
		"all":            {uvFile, "deep-git https://x/deep?rev=1#abc, numpy 2.1.0", ""},
		"line ends":      {strings.ReplaceAll(uvFile, "\n", "\r\n"), "deep-git https://x/deep?rev=1#abc, numpy 2.1.0", ""},
		"only itself":    {"[[package]]\nname = \"a\"\nsource = { editable = \".\" }\n", "", ""},
		"another folder": {"[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { editable = \"lib\" }\n", "", `line 4: the package a is the folder "lib", whose content is not part of the key`},
		"another file":   {"numpy==2.1.0", "", "it is not a file that uv lock has written"},
	} {
		pins, err := parseUVLock([]byte(c.text))
		if got := pinsText(pins); got != c.want || (err == nil) != (c.wrong == "") || err != nil && !strings.HasPrefix(err.Error(), c.wrong) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// Whatever a file holds, each package has one name in its usual form and one version.
func FuzzLockFiles(f *testing.F) {
	f.Add("numpy==2.1.0 \\\n " + someHash + "\n-r x\n")
	f.Add(uvFile)
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func([]byte) ([]pin, error){parseRequirements, parseUVLock} {
			pins, err := parse([]byte(text))
			if err != nil && pins != nil {
				t.Fatal("packages with an error")
			}
			for i, p := range pins {
				if p.version == "" || p.name == interpreterName || p.name != normalName(p.name) || i > 0 && pins[i-1].name >= p.name {
					t.Fatalf("%q", pins)
				}
			}
		}
	})
}
