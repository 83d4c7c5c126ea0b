package graph_test

import (
	"strings"
	"testing"

	"foil/pipeline/graph"
	"foil/pipeline/pipelinetest"
)

func TestSelectTakesCellsAndWhatTheyNeed(t *testing.T) {
	tests := []struct{ only, want string }{
		{"fold", "ratings fold[fold=1] fold[fold=0]"},
		{"model[fold=0,gender=400]", "ratings fold[fold=0] model[age=200,fold=0,gender=400]"},
		{` model[ fold = "0" ] `, ""},
		{"model[age=200, fold=0]", "ratings fold[fold=0] model[age=200,fold=0,gender=0] model[age=200,fold=0,gender=400]"},
		{"fold[fold=1] ratings", ""},
		{"table", strings.Join(pipelinetest.IDs(pipelinetest.New(t).Graph(pipelinetest.Paper).Nodes), " ")},
	}
	for _, test := range tests {
		g, err := pipelinetest.New(t).Graph(pipelinetest.Paper).Select([]string{test.only})
		if test.want == "" {
			if err == nil {
				t.Errorf("%s: no error", test.only)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.only, err)
		} else if got := strings.Join(pipelinetest.IDs(g.Nodes), " "); got != test.want {
			t.Errorf("%s: got %s", test.only, got)
		}
	}
	g, err := pipelinetest.New(t).Graph(pipelinetest.Paper).Select([]string{"fold[fold=0]", "fold[fold=1]"})
	if err != nil || len(g.Nodes) != 3 {
		t.Errorf("two selections: %v", err)
	}
}

func TestSelectExplainsWhatIsNotThere(t *testing.T) {
	for only, want := range map[string]string{
		"modle":               `no stage "modle"; did you mean "model"?`,
		"model[fodl=0]":       `stage "model" has no axis "fodl"; did you mean "fold"?`,
		"model[gender=40]":    `axis "gender" of stage "model" has no value "40"; it has 0, 400`,
		"model[gender]":       `"gender" is not axis=value`,
		"model[gender=0":      "a ] is missing",
		"[gender=0]":          `no stage ""`,
		"ratings[x=1]":        `stage "ratings" has no axis "x"`,
		"fold[fold=0,fold=1]": "no cell of",
	} {
		_, err := pipelinetest.New(t).Graph(pipelinetest.Paper).Select([]string{only})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", only, err, want)
		}
	}
}

func TestCellNamesOneCell(t *testing.T) {
	g := pipelinetest.New(t).Graph(pipelinetest.Paper)
	for text, want := range map[string]string{
		"table":                              "table",
		"model[age=200, gender=400, fold=1]": "model[age=200,fold=1,gender=400]",
		"model":                              "cells match",
		"modl":                               `did you mean "model"?`,
		"model[fold=1]":                      "name one, such as model[",
		"model[fold=7,age=200,gender=0]":     `no value "7"`,
		"model[floor=7]":                     `no axis "floor"`,
	} {
		n, err := g.Cell(text)
		if err == nil && n.ID != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v; want %s", text, n, err, want)
		}
	}
}

func TestCutFilePartsCellAndFile(t *testing.T) {
	for text, want := range map[string][2]string{
		"model":                   {"model", ""},
		"model/a/b.txt":           {"model", "a/b.txt"},
		"model[x=1]/w":            {"model[x=1]", "w"},
		"model[x=a/b]":            {"model[x=a/b]", ""},
		`model[x="]/"]/w`:         {`model[x="]/"]`, "w"},
		`model[x="a\"]/"]/w[0]/y`: {`model[x="a\"]/"]`, "w[0]/y"},
		"model/":                  {"model", ""},
	} {
		if cell, file := graph.CutFile(text); cell != want[0] || file != want[1] {
			t.Errorf("%s: %q, %q", text, cell, file)
		}
	}
}
