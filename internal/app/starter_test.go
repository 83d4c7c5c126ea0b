package app

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkoutStub is a folder that passes for a checkout of foil's source.
func checkoutStub(t *testing.T) string {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "stages"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "stages", "stages.go"), []byte("package stages\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The skeletons compile in their packages, their tests pass, and they are formatted.
func TestSkeletonsOfKindsPassTheirTests(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("needs the go command")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	checkout := checkoutStub(t)
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	args := []string{"test", "-overlay", filepath.Join(checkout, "overlay.json"), "-run", "^TestMyNew2$", "-v"}
	for _, family := range kindFamilies {
		made, err := WriteKind(checkout, family+"/my-new-2")
		if err != nil {
			t.Fatal(err)
		}
		if want := family + ".MyNew2(),"; made.Line != want {
			t.Errorf("the line is %q, want %q", made.Line, want)
		}
		for _, path := range made.Files {
			overlay.Replace[filepath.Join(root, "stages", family, filepath.Base(path))] = path
		}
		args = append(args, "./stages/"+family)
	}
	text, err := json.Marshal(overlay)
	if err == nil {
		err = os.WriteFile(filepath.Join(checkout, "overlay.json"), text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if passed := strings.Count(string(out), "--- PASS: TestMyNew2"); err != nil || passed != len(kindFamilies) {
		t.Errorf("%d of %d tests passed (%v):\n%s", passed, len(kindFamilies), err, out)
	}
	if gofmt, err := exec.LookPath("gofmt"); err == nil {
		if out, err := exec.CommandContext(t.Context(), gofmt, "-l", checkout).Output(); err != nil || len(out) > 0 {
			t.Errorf("gofmt -l: %s (%v)", out, err)
		}
	}
}

func TestNewFilesNeverReplaceOthers(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(taken, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := FindStarter("program")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(dir, "a"); err == nil || !strings.Contains(err.Error(), "a.yaml is there already, and is not overwritten") {
		t.Error(err)
	}
	// The other file of the choice is not there either.
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("got %v (%v)", entries, err)
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "mine" {
		t.Errorf("got %q (%v)", text, err)
	}
}

func TestNamesOfNewFilesAreChecked(t *testing.T) {
	s := &Starters[0]
	for _, name := range []string{"", "a b", "../a", "1a", "true", "null", "a.yaml"} {
		if _, err := s.Write(t.TempDir(), name); err == nil || !strings.Contains(err.Error(), "cannot be the name of an experiment") {
			t.Errorf("%q: %v", name, err)
		}
	}
	checkout := checkoutStub(t)
	for name, want := range map[string]string{
		"filter":        "it is FAMILY/NAME",
		"filter/../a":   "it is FAMILY/NAME",
		"filter/Min":    "it is FAMILY/NAME",
		"attack/mine":   "families load, filter and evaluate",
		"filter/k-core": "foil has a kind filter/k-core already",
	} {
		if _, err := WriteKind(checkout, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if _, err := WriteKind(t.TempDir(), "filter/mine"); err == nil || !strings.Contains(err.Error(), "is not a checkout of foil's source") {
		t.Error(err)
	}
}
