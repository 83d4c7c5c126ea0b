package render

import (
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
	} {
		if got := c.escape(c.in); got != c.want {
			t.Errorf("%s of %q: got %s, want %s", c.form, c.in, got, c.want)
		}
	}
}

func TestWidthCountsTerminalColumns(t *testing.T) {
	for s, want := range map[string]int{"0.493 ± 0.004": 13, "数据": 4, "λ": 1, "e\u0301": 1} {
		if got := width(s); got != want {
			t.Errorf("%q: got %d, want %d", s, got, want)
		}
	}
}
