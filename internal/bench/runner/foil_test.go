package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/local"
	"foil/pipeline/plan"
	pipelinerun "foil/pipeline/run"
	"foil/spec"
	"foil/stages/command"
)

// miniFoil is foil with one kind: all of it is real, but the command line knows only
// what this benchmark says, and cells run within.
func miniFoil(verb, file, dir string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	s, err := spec.Parse(file, text, spec.Options{})
	if err != nil {
		return err
	}
	kinds := []pipeline.Kind{command.Command()}
	g, err := graph.Build(s, kinds)
	if err != nil {
		return err
	}
	c, err := disk.Open(dir)
	if err != nil {
		return err
	}
	p, err := plan.New(context.Background(), g, plan.Options{Store: c})
	if err != nil {
		return err
	}
	if verb == "plan" {
		fmt.Printf("chains: %d cells: %d cached, %d will run\n", len(p.Cells), p.Hits, p.Misses)
		return nil
	}
	executor := &local.Executor{Kinds: kinds, Store: c}
	_, err = pipelinerun.Run(context.Background(), p, pipelinerun.Options{Executor: executor})
	return err
}

func TestFoilRunsItsDefinitionAndIsMeasuredAtEverySize(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the stages are commands of sh, which is not there")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var progress strings.Builder
	s := Scaling{Program: self, Jobs: 2, Rounds: 2, Progress: &progress}
	one, err := s.Run(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if one.Cells != 12 || one.First.Seconds <= 0 || len(one.NoOp) != 2 || len(one.Plan) != 2 || one.Plan[1].Seconds <= 0 {
		t.Errorf("got %+v; want 12 cells, which are four whole chains, and two rounds", one)
	}
	if got := strings.Count(progress.String(), "\n"); got != 3 {
		t.Errorf("%d lines of progress, want 3:\n%s", got, &progress)
	}
}

// A plan that finds nothing is fast, and says nothing about one that does.
func TestPlanOfCellsThatAreNotThereIsRefused(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFolder()
	if err != nil {
		t.Fatal(err)
	}
	defer f.remove()
	foil := foilTool(self)
	if err := os.WriteFile(filepath.Join(f.dir, foil.File), []byte(foil.Define(1)), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := f.plan(t.Context(), foil, foilPlan(self), 3); !says(err, `does not say "3 cached, 0 will run"`) {
		t.Errorf("error %v", err)
	}
}

func TestRecordsWithoutAFileAreRefused(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, foilCache, "actions", "ab")
	for text, want := range map[string]string{
		`{"cell": "make[chain=0]"}`: "make[chain=0] has not one file with a digest",
		`{"cell": `:                 "unexpected end of JSON input",
	} {
		record := filepath.Join(folder, "ab.json")
		if err := errors.Join(os.MkdirAll(folder, 0o777), os.WriteFile(record, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
		if _, err := foilOutputs(dir); !says(err, want) || !says(err, record) {
			t.Errorf("error %v; want %q of %s", err, want, record)
		}
	}
}
