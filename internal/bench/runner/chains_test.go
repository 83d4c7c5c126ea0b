package main

import (
	"os"
	"path/filepath"
	"testing"
)

// What the tools are given is kept where people can read it.
func TestDefinitionsAreThoseInTestdata(t *testing.T) {
	for _, tool := range []Tool{foilTool("foil"), dvcTool("python3"), snakemakeTool("python3")} {
		want, err := os.ReadFile(filepath.Join("testdata", tool.File))
		if err != nil {
			t.Error(err)
		}
		if got := tool.Define(2); got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", tool.Name, got, want)
		}
	}
}

func TestEveryStageHasItsFile(t *testing.T) {
	files := expected(12)
	if len(files) != 36 {
		t.Errorf("12 chains have %d files; want 36", len(files))
	}
	if got, want := files["combine-11.txt"], "chain 11\nCHAIN 11\n"; got != want {
		t.Errorf("combine-11.txt holds %q; want %q", got, want)
	}
}
