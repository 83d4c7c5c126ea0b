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
	for _, doc := range []string{"README.md", "docs/architecture.md", "docs/format.md", "experiments/README.md", "results/README.md"} {
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
