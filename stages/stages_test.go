package stages

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"foil/pipeline"
	"foil/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

// given are parameters of each kind that has required ones, or some that decide what
// others mean. A kind that is not here is given none.
var given = map[string][]string{
	"load/cifar-10":   {"{}", "{per_class_train: 5}"},
	"load/cifar-100":  {"{}", "{labels: coarse, per_class_test: 2}"},
	"load/classifier": {"{file: a.safetensors}", "{file: a.safetensors, network: {name: small-cnn}}", "{file: a.safetensors, network: {name: resnet-9, width: 8}}"},
	"load/csv": {
		"{file: a.csv}",
		"{file: a.csv, user: u, rating: r, timestamp: t, weight: w, users: {file: u.csv, categories: [zip]}, items: {file: i.csv}}",
		"{file: a.csv, columns: [user, item], separator: tab, encoding: latin-1, quotes: false, repeats: error}",
	},
	"load/images":             {"{train: a, test: b}", "{train: a.npz, test: b.npz, images: x, labels: y, classes: [cat, dog]}"},
	"filter/min-rating":       {"{at_least: 4}", "{at_least: 2, column: weight}"},
	"filter/last-n":           {"{n: 50}"},
	"split/temporal":          {"{}", "{by: user, validation: 0.2}", "{validation_from: 2024-01-01, test_from: 2024-06-01}"},
	"split/leave-one-out":     {"{}", "{by: random}"},
	"split/random":            {"{}", "{per: all, seed: 1}"},
	"filter/known-attributes": {"{attributes: [age]}"},
	"split/user-kfold":        {"{fold: 0}"},
	"train/advx-multvae":      {"{}", "{adversaries: [{attribute: gender, class_weights: {f: 2, m: 1}}, {attribute: age, range: [1, 56], lambda: 3}]}"},
	"train/classifier": {
		"{method: plain}", "{method: fgsm}", "{method: pgd}", "{method: trades}", "{method: l2l-naive}", "{method: l2l-grad}",
		"{method: l2l-2step}", "{method: l2l-kstep, l2l: {attacker: {name: slim}, optimizer: sgd}}",
		"{method: l2l-grad-interpolation}", "{method: l2l-2step-interpolation, network: {name: resnet-18}}",
	},
	"attack/latent-probe":  {"{attributes: [{attribute: gender}]}", "{attributes: [{attribute: age, range: [1, 56], hidden: 7}]}"},
	"attack/latent-family": {"{attributes: [{attribute: gender}]}", "{attributes: [{attribute: age, range: [1, 56]}], members: [linear]}"},
	"attack/list-family":   {"{attributes: [{attribute: gender}]}", "{attributes: [{attribute: gender}], k: 20, min_users: 1, match_lengths: true, members: [trees]}"},
	"encode/latents":       {"{}", "{match_lengths: true}"},
	"attack/pgd":           {"{}", "{start: normal, before: [1, 5]}", "{start: none}", "{objective: margin}"},
	"attack/apgd":          {"{}", "{objective: dlr}", "{objective: targeted-dlr}"},
	"attack/binarization":  {"{}", "{attack: apgd}"},
	"attack/transfer":      {"{}", "{start: normal}"},
	"erase/leace":          {"{attributes: [{attribute: gender}]}", "{attributes: [{attribute: age, classes: true}, {attribute: gender}], shrinkage: false}"},
	"report/table": {
		"{columns: [{title: A, from: a, metric: m}], tables: [{title: T, grid: [x]}]}",
		"{columns: [{title: A, from: a, metric: m, k: 5, better: higher, digits: 1, baselines: [{metric: b}]}], tables: [{title: T, rows: [{name: r, where: {x: 1}}]}]}",
		"{columns: [{title: A, from: a, metric: m}], over: [f], compare: {to: r, paired: [user, f], test: t, correct: bh, level: 0.9}, marks: any, interval: sd, " +
			"tables: [{title: T, rows: [{name: r}], compare: {to: r, paired: [f], test: corrected-t, test_share: 0.25, correct: none}}]}",
		"{over: [y], columns: [{title: A, from: a, metric: m}], tables: [{title: T, rows: [{name: s}, {name: r, select: {among: [x], exclude: [{x: [0, 1]}], best: {from: a, metric: n, better: lower}, " +
			"within: {from: a, metric: m, split: validation, better: higher, of: s, by: 0.02}, per: y}}]}], expect: [{row: r, column: A, value: 1, tolerance: 0.1, source: z}, {row: r, column: A, runs: [1, 2], source: z}]}",
	},
	"report/figure": {"{figures: [{title: F, x: x, y: y, min: 0, lines: [{name: l, from: a, metric: m, where: {x: 1}}]}]}",
		"{figures: [{title: F, x: {label: x, axis: a, better: lower, scale: symlog, linear: 1}, y: {label: y, from: b, metric: m, better: lower}, points: [{name: s, grid: [a]}, {name: t, rows: [{name: r, where: {a: 1}}]}], fronts: [{}]}]}"},
	"command": {"{run: [sh, -c, x], outputs: [a]}", "{run: [a, 1, 0.5], files: [a], outputs: [metrics.arrow], type: metrics, env: {A: 1}, inherit: [B]}", "{run: [a], outputs: [a], params: {rate: 0.5, layers: [2, 1]}}"},
}

// What parameters are in a key must not change without the kind's version.
func TestParametersInKeys(t *testing.T) {
	var b strings.Builder
	for _, k := range All() {
		all := given[k.Name]
		if all == nil {
			all = []string{"{}"}
		}
		for _, with := range all {
			fmt.Fprintf(&b, "# %s %s\n%s\n", k.Name, with, decoded(t, k, with).Canonical)
			for _, mode := range k.Modes() {
				fmt.Fprintf(&b, "# %s %s, mode %s\n%s\n", k.Name, with, mode, decoded(t, k.In(mode), with).Canonical)
			}
		}
	}
	const file = "testdata/parameters.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("%s (-update writes it anew):\n%s", file, firstDifference(got, string(want)))
	}
}

// firstDifference shows the first line in which two texts differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\ngot  %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}

func decoded(t *testing.T, k pipeline.Kind, with string) *pipeline.Parameters {
	t.Helper()
	v, err := spec.ParseValue("with", with)
	if err != nil {
		t.Fatal(err)
	}
	p, err := k.Decode(v)
	if err != nil {
		t.Fatalf("%s: %v", k.Name, err)
	}
	return p
}

// Names that are given parameters above are those of kinds.
func TestGivenParametersAreOfKinds(t *testing.T) {
	for name := range given {
		if !slices.ContainsFunc(All(), func(k pipeline.Kind) bool { return k.Name == name }) {
			t.Errorf("no kind is called %q", name)
		}
	}
}

// Every kind and every parameter is documented, in texts that can be read, and every
// function of a description is named where it is called.
func TestKindsAreDescribed(t *testing.T) {
	names := map[string]bool{}
	for _, k := range All() {
		if names[k.Name] {
			t.Errorf("two kinds are called %s", k.Name)
		}
		names[k.Name] = true
		for _, p := range k.Problems() {
			t.Errorf("%s: %s", k.Name, p)
		}
	}
}

// Packages whose numbers come from a library name it in their kinds, so that another version of the
// library gives another key.
func TestNumericLibrariesAreInKeys(t *testing.T) {
	importers := map[string][]string{ // package and kinds
		"foil/stages/train/ease": {"train/ease"},
		"foil/stages/erase":      {"erase/leace"},
		"foil/models/leace":      {"erase/leace"},
		"foil/internal/stats":    {"report/table", "report/figure"},
		"foil/internal/learners": {"attack/latent-family", "attack/list-family"},
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "foil/...").Output()
	if err != nil {
		t.Skip(err)
	}
	naming := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		imports := strings.Fields(line)
		if !slices.ContainsFunc(imports[1:], func(path string) bool { return strings.HasPrefix(path, "gonum.org/v1/gonum/") }) {
			continue
		}
		if importers[imports[0]] == nil {
			t.Errorf("%s imports gonum: name it in Kind.Libraries of its kinds, and here", imports[0])
		}
		for _, kind := range importers[imports[0]] {
			naming[kind] = true
		}
	}
	for _, k := range All() {
		names := slices.ContainsFunc(k.Libraries, func(l string) bool { return strings.HasPrefix(l, "gonum v") })
		if names != naming[k.Name] {
			t.Errorf("%s names the libraries %q", k.Name, k.Libraries)
		}
	}
}

// A mode of a spec is one for all kinds: another spelling would be a mode of its own.
func TestModes(t *testing.T) {
	var with []string
	for _, k := range All() {
		if modes := k.Modes(); len(modes) > 0 {
			with = append(with, k.Name)
			if !slices.Equal(modes, []string{"published"}) {
				t.Errorf("%s has the modes %v", k.Name, modes)
			}
		}
	}
	if want := []string{"train/advx-multvae", "attack/latent-probe", "evaluate/ranking"}; !slices.Equal(with, want) {
		t.Errorf("the mode published changes defaults of %v, want %v", with, want)
	}
}
