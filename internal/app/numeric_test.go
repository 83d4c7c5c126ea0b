package app

import (
	"strings"
	"testing"

	"foil/internal/numeric"
	"foil/internal/store"
	"foil/models/backend"
	"foil/pipeline/run"
)

const trainedSpec = smallSpec + `
  model: {uses: train/ease, needs: {data: fold}}
  utility: {uses: evaluate/ranking, needs: {model: model, data: fold}, with: {k: [5]}}
  table: {uses: report/table, gather: {utility: utility}, with: {columns: [{title: N, from: utility, metric: ndcg, k: 5, checkpoint: last}], tables: [{title: T, grid: [fold]}]}}
`

func TestRecordsNameWhatComputedThem(t *testing.T) {
	_, _, v := made(t, trainedSpec)
	alone, err := backend.Signature("", 1)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := backend.Signature(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*numeric.Signature{
		"load/synthetic": nil, "filter/k-core": nil, "split/user-kfold": nil,
		"train/ease": &alone, "evaluate/ranking": &whole, "report/table": &alone,
	}
	for _, c := range v.Plan.Cells {
		got := c.Record.Numeric
		if w := want[c.Node.Kind.Name]; w == nil && got != nil || w != nil && !numeric.Equal(got, w) {
			t.Errorf("%s was computed on %v, want %v", c.Node.ID, got, w)
		}
	}
}

// The groups of a report are those of the cells that it is made from, without itself.
func TestReportCountsWhatComputedItsCells(t *testing.T) {
	_, _, v := made(t, trainedSpec)
	result := func() *run.Result {
		r, err := v.Run(t.Context(), Running{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}()
	report := v.Plan.Graph.Nodes[len(v.Plan.Graph.Nodes)-1]
	groups := computedWith(report, result)
	if len(groups) != 1 || groups[0].Cells != 4 || numeric.Mixed(groups) != "" {
		t.Errorf("got %+v", groups)
	}
	other := *result.Of("utility[fold=1]").Record.Numeric
	other.Products = "AVX-1024"
	result.Of("utility[fold=1]").Record.Numeric = &other
	result.Of("model[fold=0]").Record.Numeric = nil // of an older foil
	result.Of(report.ID).Record.Numeric = nil
	groups = computedWith(report, result)
	if got := numeric.Mixed(groups); len(groups) != 3 || !strings.Contains(got, "1 cell with AVX-1024 in matrix products") || !strings.Contains(got, "1 cell on a processor that is not known") {
		t.Errorf("got %q", got)
	}
}

func TestWhyResultsDiffer(t *testing.T) {
	v3 := &numeric.Signature{Arch: "amd64", Level: "GOAMD64=v3", Go: "go1.26", FMA: numeric.FusedFMA}
	v1 := &numeric.Signature{Arch: "amd64", Level: "GOAMD64=v1", Go: "go1.26", FMA: numeric.ExpFMA}
	for name, c := range map[string]struct {
		kind    string
		a, b    *numeric.Signature
		allowed bool
		want    string
	}{
		"another build":               {"train/ease", v1, v3, true, "the last bits may differ"},
		"the same":                    {"train/ease", v1, v1, false, "gives the same output again"},
		"an older foil":               {"train/bpr", nil, v1, false, "X was made on a processor that is not known"},
		"two of an older foil":        {"train/bpr", nil, nil, false, "not known"},
		"a kind that does not round":  {"split/user-kfold", v1, v3, false, "split/user-kfold gives the same output on every machine"},
		"a kind that foil never had":  {"train/elsewhere", v1, v3, true, "the last bits may differ"},
		"another version of a kind":   {"load/synthetic", nil, nil, false, "every machine"},
		"reports, which compute, too": {"report/table", v3, v1, true, "X was made with GOAMD64=v3, fused multiply-add everywhere, Y with GOAMD64=v1"},
	} {
		got := WhyDifferent(&store.Record{Kind: c.kind, Numeric: c.a}, &store.Record{Kind: c.kind, Numeric: c.b}, "X", "Y")
		if got.Allowed != c.allowed || !strings.Contains(got.Text, c.want) {
			t.Errorf("%s: %+v, want %q", name, got, c.want)
		}
	}
}
