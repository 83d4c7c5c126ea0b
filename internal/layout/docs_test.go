package layout

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/architecture.md and the README name files by their paths from the root.
var repositoryPath = regexp.MustCompile("`((?:cmd|docs|experiments|internal|models|pipeline|results|spec|stages)/[A-Za-z0-9_./-]*)`")

// link is a link within the repository.
var link = regexp.MustCompile(`\]\(([^):#]+)\)`)

func TestDocumentationNamesWhatExists(t *testing.T) {
	const root = "../.."
	for _, doc := range []string{"README.md", "docs/architecture.md", "docs/format.md", "docs/trust.md", "docs/command.md", "docs/statistics.md", "docs/claims.md", "docs/figures.md", "docs/cluster.md", "docs/events.md", "experiments/README.md", "results/README.md"} {
		text, err := os.ReadFile(filepath.Join(root, doc))
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		walks := doc == "README.md" || doc == "docs/architecture.md"
		if walks {
			for _, m := range repositoryPath.FindAllStringSubmatch(string(text), -1) {
				if !strings.Contains(m[1], "...") && !strings.HasPrefix(m[1], "results/quickstart/") && m[1] != "results/NAME/" {
					paths = append(paths, m[1])
				}
			}
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			paths = append(paths, filepath.Join(filepath.Dir(doc), m[1]))
		}
		if walks && len(paths) == 0 {
			t.Errorf("%s names no path: does this test still find them?", doc)
		}
		for _, path := range paths {
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s names %s, which does not exist", doc, path)
			}
		}
	}
}

// docs/trust.md names tests, each before the file that holds it, and scripts.
var (
	namedTest   = regexp.MustCompile("`(Test[A-Za-z0-9]+)`|\\(([a-z0-9_/.]+_test\\.go)\\)")
	namedScript = regexp.MustCompile(`cmd/foil/testdata/script/[a-z_]+\.txtar`)
)

func TestPromisesNameTheirTests(t *testing.T) {
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "docs/trust.md"))
	if err != nil {
		t.Fatal(err)
	}
	var waiting []string // tests whose file is not yet named
	count := 0
	for _, m := range namedTest.FindAllStringSubmatch(string(text), -1) {
		if m[1] != "" {
			waiting = append(waiting, m[1])
			continue
		}
		code, err := os.ReadFile(filepath.Join(root, m[2]))
		if err != nil {
			t.Errorf("docs/trust.md names %s: %v", m[2], err)
		}
		for _, name := range waiting {
			count++
			if !strings.Contains(string(code), "func "+name+"(") {
				t.Errorf("docs/trust.md names %s in %s, which does not have it", name, m[2])
			}
		}
		waiting = nil
	}
	if len(waiting) > 0 || count < 30 {
		t.Errorf("%d tests are named; without a file: %s", count, waiting)
	}
	for _, script := range namedScript.FindAllString(string(text), -1) {
		if _, err := os.Stat(filepath.Join(root, script)); err != nil {
			t.Errorf("docs/trust.md names %s: %v", script, err)
		}
	}
}
