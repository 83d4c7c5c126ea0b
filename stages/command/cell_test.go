//go:build unix

package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/kindtest"
	"foil/pipeline"
	"foil/spec"
)

func TestProgramIsToldAboutItsCell(t *testing.T) {
	with, err := spec.ParseValue("test", "{run: [cp, .cell/cell.json, out/], outputs: [cell.json], params: {rate: 1e-3, layers: [600, 200], name: a, deep: {x: null, on: true}}}")
	if err != nil {
		t.Fatal(err)
	}
	kind := Command()
	p, err := kind.Decode(with)
	if err != nil {
		t.Fatal(err)
	}
	cell := newCell(t)
	cell.WorkDir = filepath.Join(t.TempDir(), "work")
	cell.Inputs = map[string]pipeline.Artifact{"data": artifactOf(t, "x", "1")}
	cell.Gathered = map[string][]pipeline.GatheredCell{"all": nil}
	a := kindtest.MustRun(t, kind, p.Values, cell)
	var got map[string]any
	if err := json.Unmarshal([]byte(read(t, a, "cell.json")), &got); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(got)
	want := `{"checkpoints":".cell/checkpoints","gathered":{"all":"in/all"},"inputs":{"data":"in/data"},"out":"out",` +
		`"params":{"deep":{"on":true,"x":null},"layers":[600,200],"name":"a","rate":0.001},"progress":".cell/progress.jsonl"}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestProgressOfAProgramIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		want   string // the last report
		note   string
	}{
		"lines":         {`for i in 1 2 3; do echo "{\"done\": $i, \"total\": 3, \"loss\": 0.$i, \"message\": \"hit 0.5\"}" >>.cell/progress.jsonl; done`, "3/3 epochs 0.3 hit 0.5", ""},
		"a unit":        {`echo '{"done": 7, "unit": "steps"}' >>.cell/progress.jsonl`, "7/0 steps 0 ", ""},
		"half a line":   {`printf '{"done": 1}\n{"done": 2' >>.cell/progress.jsonl`, "1/0 epochs 0 ", ""},
		"wrong lines":   {`printf 'epoch 1\n{"epoch": 1}\n{"done": 1}\n' >>.cell/progress.jsonl`, "1/0 epochs 0 ", "line 1 of .cell/progress.jsonl is not progress, and is left out: a line is a JSON object"},
		"negative":      {`echo '{"done": -1}' >>.cell/progress.jsonl`, "", "done and total must not be negative"},
		"begun anew":    {`printf '{"done": 1}\n{"done": 2}\n{"done": 3}\n' >.cell/progress.jsonl; sleep 0.6; echo '{"done": 1}' >.cell/progress.jsonl`, "1/0 epochs 0 ", ""},
		"removed":       {`rm .cell/progress.jsonl`, "", ""},
		"a folder":      {`rm .cell/progress.jsonl; mkdir .cell/progress.jsonl`, "", ""},
		"escapes":       {`printf '{"done": 1, "message": "a\\u001b[31mb"}\n' >>.cell/progress.jsonl`, "1/0 epochs 0 ab", ""},
		"many":          {`for i in $(seq 20000); do echo "{\"done\": $i, \"message\": \"0123456789012345678901234567890123456789012345678901234567890123456789\"}"; done >>.cell/progress.jsonl`, "20000/0 epochs 0 0123456789012345678901234567890123456789012345678901234567890123456789", ""},
		"no line break": {`printf '{"done": 1}' >>.cell/progress.jsonl`, "", ""},
	} {
		last, notes := "", ""
		cell := newCell(t)
		cell.OnProgress = func(p pipeline.Progress) {
			last = fmt.Sprintf("%d/%d %s %v %s", p.Done, p.Total, p.Unit, p.Loss, p.Message)
		}
		cell.OnNote = func(text string) { notes += text + "\n" }
		if _, err := kindtest.Run(t, Command(), shell(c.script+"; touch out/x", "x"), cell); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if last != c.want || !strings.Contains(notes, c.note) || (notes == "") != (c.note == "") || strings.Count(notes, "\n") > 1 {
			t.Errorf("%s: got %q with notes %q\nwant %q with %q", name, last, notes, c.want, c.note)
		}
	}
}

// What a program leaves in the folder for checkpoints is there at the next attempt, and not part of
// the output.
func TestCheckpointsOfAProgramStay(t *testing.T) {
	work := filepath.Join(t.TempDir(), "work")
	script := `test -e .cell/checkpoints/epoch || { echo 3 >.cell/checkpoints/epoch; kill -9 $$; }; cp .cell/checkpoints/epoch out/`
	cell := newCell(t)
	cell.WorkDir = work
	if _, err := kindtest.Run(t, Command(), shell(script, "epoch"), cell); err == nil || !strings.Contains(err.Error(), "SIGKILL") {
		t.Fatalf("got %v", err)
	}
	cell = newCell(t)
	cell.WorkDir = work
	a := kindtest.MustRun(t, Command(), shell(script, "epoch"), cell)
	if got := read(t, a, "epoch"); got != "3\n" || len(a.Files) != 1 {
		t.Errorf("got %q in %v", got, a.Files)
	}
	if _, err := os.Stat(filepath.Join(work, "epoch")); err != nil {
		t.Errorf("the folder of the program was removed together with what it links to: %v", err)
	}
}

func TestFolderOfTheCellIsNotForFiles(t *testing.T) {
	cell := newCell(t)
	cell.Sources = []pipeline.Source{{Name: ".cell/cell.json", Content: []byte("{}")}}
	if _, err := kindtest.Run(t, Command(), shell("touch out/x", "x"), cell); err == nil || !strings.Contains(err.Error(), "the folder .cell belongs to foil") {
		t.Errorf("got %v", err)
	}
}
