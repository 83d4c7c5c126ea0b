package render

import (
	"encoding/csv"
	"strings"
	"testing"
)

func TestSpreadsheetsRunNoCell(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1":                               `"'=1+1"`,
		"=cmd|' /C calc'!A0":                 `"'=cmd|' /C calc'!A0"`,
		`=HYPERLINK("http://a.example","x")`: `"'=HYPERLINK(""http://a.example"",""x"")"`,
		"+SUM(A1)":                           `"'+SUM(A1)"`,
		"-2+3+cmd":                           `"'-2+3+cmd"`,
		"@SUM(A1)":                           `"'@SUM(A1)"`,
		"\t=1":                               `"' =1"`,
		"\r=1":                               "\ufffd=1",
		"  =1":                               `"'  =1"`,
		"＝1":                                 `"'＝1"`,
		"a;=1+1":                             `"a;=1+1"`,
		"a,b":                                `"a,b"`,
		`a"b`:                                `"a""b"`,
		"-":                                  `"'-"`,
		"--":                                 `"'--"`,
		"-0.5.1":                             `"'-0.5.1"`,
		"-1e5x":                              `"'-1e5x"`,
		"-0.5":                               "-0.5",
		"+5":                                 "+5",
		"-1e-05":                             "-1e-05",
		"-.5":                                "-.5",
		"1.":                                 "1.",
		"-Inf":                               "-Inf",
		"NaN":                                "NaN",
		"a=b":                                "a=b",
		"L2L - grad":                         "L2L - grad",
		"":                                   "",
		"nd\x1b[31mcg":                       "ndcg",
	} {
		if got := csvCell(in); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
}

// Programs read what was written, apart from the quote before formulas.
func TestCSVReadsBack(t *testing.T) {
	lines := [][]string{{"a", "b;c", `d "e"`, ""}, {"", " x", "-1", "=1"}, {"'", "ä,", "1", "2"}}
	var b strings.Builder
	if err := WriteCSV(&b, lines); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	lines[1][3] = "'=1"
	for i := range lines {
		if strings.Join(got[i], "|") != strings.Join(lines[i], "|") {
			t.Errorf("got %q, want %q", got[i], lines[i])
		}
	}
	b.Reset()
	if err := WriteCSV(&b, [][]string{{""}}); err != nil || b.String() != "\"\"\n" {
		t.Errorf("an empty line is %q (%v)", b.String(), err)
	}
}
