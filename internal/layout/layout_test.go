// Package layout tests the import rules of the design: which folder may import which.
package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// table has a row for every folder with Go code: the packages of this module that it may import,
// and whether it may import GoMLX and Arrow, which are heavy. A - stands for nothing. NAME/... is a
// folder with all folders below it. If several rows match, the longest one counts. Tests may import
// more.
const table = `
# Below everything: these know nothing of ours.
spec                   -
experiments            -
internal/ctxio         -
internal/digest        -
internal/access        -
internal/filelock      -
internal/identity      -
internal/words         -
internal/syserror      -
internal/clean         -
internal/safetensors   -
internal/npy           -
internal/scores        -
internal/learners      -
internal/numeric       internal/words
internal/stats         -
internal/testenv       -
internal/layout        -

# Data: stores, and what artifacts hold on disk. The codecs are named by kinds, through the
# types of package pipeline.
internal/store         internal/digest internal/numeric
internal/store/...     internal/store/... internal/ctxio internal/digest internal/filelock internal/identity internal/numeric internal/access
internal/checkpoint    internal/safetensors internal/access
internal/dataset       internal/ctxio internal/digest internal/access
internal/artifact/...  internal/artifact/... internal/digest internal/npy internal/safetensors pipeline arrow
internal/report/...    internal/report/... internal/artifact/... internal/clean internal/digest internal/stats spec
internal/tabular       internal/artifact spec arrow

# From a spec to results, in this order.
pipeline               spec internal/digest internal/numeric internal/syserror
pipeline/graph         pipeline spec internal/words
pipeline/plan          pipeline pipeline/graph spec internal/digest internal/store internal/words
pipeline/run           pipeline pipeline/graph pipeline/plan internal/digest internal/identity internal/numeric internal/store internal/words
pipeline/history       pipeline pipeline/graph pipeline/plan internal/digest internal/store internal/words
pipeline/slurm         pipeline pipeline/plan spec internal/access
pipeline/local         pipeline pipeline/run internal/digest internal/numeric internal/store internal/words

# What only tests import.
pipeline/pipelinetest  pipeline/... internal/digest internal/store/... spec
pipeline/stress        -

# Models know GoMLX and each other.
models/...             models/... internal/numeric gomlx

# Kinds join both worlds, with what several kinds share beside them.
internal/attributes    models/... spec internal/artifact
internal/dense         internal/artifact internal/safetensors
internal/classifiers   models/... pipeline spec internal/artifact/... internal/digest internal/safetensors gomlx
internal/training      models/... pipeline spec internal/artifact/... internal/checkpoint internal/digest internal/numeric internal/safetensors internal/scores
internal/modeltest/...  models/... internal/testenv internal/safetensors gomlx internal/modeltest/...
internal/kindtest/...  models/backend pipeline internal/artifact/... internal/digest internal/kindtest/... stages/... spec
stages/...             stages/... models/... pipeline spec internal/artifact/... internal/report/... internal/digest internal/access internal/attributes internal/checkpoint internal/clean internal/classifiers internal/dataset internal/dense internal/filelock internal/identity internal/learners internal/npy internal/safetensors internal/scores internal/tabular internal/training internal/words gomlx

# The program.
internal/backends      models/backend internal/dataset internal/digest
internal/publish       internal/artifact internal/ctxio internal/digest internal/filelock internal/identity
internal/app           stages models/... experiments pipeline/... spec internal/artifact/... internal/report/... internal/store/... internal/ctxio internal/digest internal/numeric internal/publish internal/words internal/syserror
cmd/foil               stages models/... experiments pipeline/... spec internal/artifact/... internal/report/... internal/store/... internal/backends internal/clean internal/ctxio internal/digest internal/words internal/app internal/syserror

# Side by side with other programs.
internal/bench/...     internal/bench models/... gomlx
internal/bench/scale   internal/bench internal/store/disk pipeline/run
`

// heavy are the libraries that the table names.
var heavy = map[string]string{"gomlx": "github.com/gomlx/", "arrow": "github.com/apache/arrow/"}

// A row is a folder of the table.
type row struct {
	folder string // may end in /...
	may    []string
}

func rows(t *testing.T) []row {
	var list []row
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if slices.ContainsFunc(list, func(r row) bool { return r.folder == words[0] }) {
			t.Errorf("%s has two rows", words[0])
		}
		list = append(list, row{words[0], words[1:]})
	}
	return list
}

// matches reports whether a folder is named by a word of the table.
func matches(word, folder string) bool {
	above, below := strings.CutSuffix(word, "/...")
	return folder == above || below && strings.HasPrefix(folder, above+"/")
}

// rowOf is the row for a folder, or nil if the table has none.
func rowOf(list []row, folder string) *row {
	var best *row
	for i, r := range list {
		if matches(r.folder, folder) && (best == nil || len(r.folder) > len(best.folder)) {
			best = &list[i]
		}
	}
	return best
}

// A pkg is a package of the module.
type pkg struct {
	ImportPath string
	Imports    []string
}

const module = "foil/"

func packages(t *testing.T, root string) []pkg {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportsPointOneWay(t *testing.T) {
	const root = "../.."
	list := rows(t)
	for _, r := range list {
		folder := strings.TrimSuffix(r.folder, "/...")
		if info, err := os.Stat(filepath.Join(root, filepath.FromSlash(folder))); err != nil || !info.IsDir() {
			t.Errorf("the table has a row for %s, and there is no such folder", r.folder)
		}
	}
	for _, p := range packages(t, root) {
		folder := strings.TrimPrefix(p.ImportPath, module)
		r := rowOf(list, folder)
		if r == nil {
			t.Errorf("%s is not in the table: add a row with what it may import", folder)
			continue
		}
		var names []string
		for _, i := range p.Imports {
			names = append(names, nameOf(i))
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if name != "" && !slices.ContainsFunc(r.may, func(word string) bool { return matches(word, name) }) {
				t.Errorf("%s must not import %s", folder, name)
			}
		}
	}
}

// nameOf is the name of an import in the table, or "" if the table does not list it.
func nameOf(path string) string {
	if folder, ours := strings.CutPrefix(path, module); ours {
		return folder
	}
	for name, prefix := range heavy {
		if strings.HasPrefix(path, prefix) {
			return name
		}
	}
	return ""
}

// The table has no cycle between folders. This is stricter than Go's rule for packages, except for
// rows that name all folders below a folder.
func TestTableHasNoCircle(t *testing.T) {
	list := rows(t)
	var visit func(r row, path []string)
	done := map[string]bool{}
	visit = func(r row, path []string) {
		if slices.Contains(path, r.folder) {
			t.Fatal(fmt.Sprint(strings.Join(path, " -> "), " -> ", r.folder))
		}
		if done[r.folder] {
			return
		}
		done[r.folder] = true
		path = append(path, r.folder)
		for _, word := range r.may {
			for _, other := range list {
				if (matches(word, strings.TrimSuffix(other.folder, "/...")) || matches(other.folder, word)) && other.folder != r.folder {
					visit(other, path)
				}
			}
		}
	}
	for _, r := range list {
		visit(r, nil)
	}
}
