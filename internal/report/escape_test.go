package report

import (
	"bytes"
	"strings"
	"testing"
)

func TestTextIsEscaped(t *testing.T) {
	for _, c := range []struct {
		form     string
		escape   func(string) string
		in, want string
	}{
		{"markdown", escapeMarkdown, "a|b_c*d", `a\|b\_c\*d`},
		{"markdown", escapeMarkdown, "<script>&amp;", `\<script\>\&amp;`},
		{"markdown", escapeMarkdown, "# heading", `\# heading`},
		{"markdown", escapeMarkdown, "12. item", `12\. item`},
		{"markdown", escapeMarkdown, "0.5 stays", "0.5 stays"},
		{"markdown", escapeMarkdown, "NDCG@10 ± 1", "NDCG@10 ± 1"},
		{"latex", escapeLaTeX, "50% of a_b & #1", `50\% of a\_b \& \#1`},
		{"latex", escapeLaTeX, `\input{x} ~ ^ $`, `\textbackslash{}input\{x\} \textasciitilde{} \textasciicircum{} \$`},
		{"latex", escapeLaTeX, "[2] * ±", `{[}2{]} {*} $\pm$`},
		{"clean", clean, "a\n b\x1b[31m\u202e c", "a b[31m c"},
	} {
		if got := c.escape(c.in); got != c.want {
			t.Errorf("%s of %q: got %s, want %s", c.form, c.in, got, c.want)
		}
	}
}

func TestPageHoldsNoMarkupOfTheSpec(t *testing.T) {
	const bad = `<script>alert("x")</script>'"><img src=x>`
	cell := newCell([]Axis{{"data", text(bad)}, axis("fold", 0)}, metric("x", 1))
	r := build(t, &Layout{Title: bad, Notes: []string{bad}, Over: []string{"fold"},
		Columns: []Column{{Title: bad, Selector: Selector{From: bad, Metric: "x"}, Baselines: []Baseline{{Name: bad, Metric: "x"}}}},
		Tables:  []TableLayout{{Title: bad, Grid: []string{"data"}}, {Title: "t", Rows: []RowLayout{{Name: bad}}}},
	}, map[string][]Cell{bad: {cell}})
	var b bytes.Buffer
	if err := r.HTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"<script", "<img", "http:", "https:", "src="} {
		if s := strings.ReplaceAll(b.String(), "&lt;img src=x", ""); strings.Contains(s, tag) {
			t.Errorf("the page holds %s", tag)
		}
	}
}
