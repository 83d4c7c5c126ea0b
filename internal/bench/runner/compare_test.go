package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeArgument makes the test program a tool: behind it comes what the tool does.
const fakeArgument = "fake-tool"

// fake is a tool for two chains in the current folder.
func fake(what string) {
	switch what {
	case "version":
		fmt.Println("1.2.3")
		return
	case "dies":
		fmt.Println("no module named fake")
		os.Exit(3)
	}
	for name, content := range expected(2) {
		if what == "forgets-one" && name == "make-1.txt" {
			continue
		}
		if _, err := os.Stat(name); err == nil && what != "works-again" {
			continue
		}
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

func fakeTool(t *testing.T, name, what string) Tool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Tool{
		Name: name, Parallel: true,
		File: "definition", Define: func(int) string { return "" },
		Version: []string{self, fakeArgument, "version"},
		Run:     func(int) []string { return []string{self, fakeArgument, what} },
		Outputs: filesOutside,
	}
}

func TestEveryContenderIsMeasuredInEveryRound(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var progress strings.Builder
	c := Comparison{
		Contenders: contenders([]Tool{fakeTool(t, "a", "works"), fakeTool(t, "b", "works")}, []int{1, 2}),
		Chains:     2, Rounds: 3, Progress: &progress,
	}
	measured, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"a, 1 at once", "a, 2 at once", "b, 1 at once", "b, 2 at once"} {
		m := measured[i]
		if m.String() != want || len(m.First) != 3 || len(m.NoOp) != 3 || m.First[2].Seconds <= 0 || m.NoOp[2].Seconds <= 0 {
			t.Errorf("%s: first runs %+v, no-ops %+v; want three of each for %s", m.Contender, m.First, m.NoOp, want)
		}
	}
	var began []string
	for line := range strings.Lines(progress.String()) {
		if round, rest, _ := strings.Cut(line, ": "); !slices.Contains(began, round) {
			began = append(began, round)
			who, _, _ := strings.Cut(rest, ":")
			began = append(began, who)
		}
	}
	want := []string{"round 1 of 3", "a, 1 at once", "round 2 of 3", "a, 2 at once", "round 3 of 3", "b, 1 at once"}
	if !slices.Equal(began, want) {
		t.Errorf("rounds began with %q; want %q", began, want)
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "foil-peer-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("folders %q, error %v are left", left, err)
	}
}

func TestComparisonRefusesWhatCannotBeCompared(t *testing.T) {
	for what, want := range map[string]string{
		"forgets-one": "round 1: x, 1 at once: make-1.txt was not made",
		"works-again": "was made again in a run without work",
		"dies":        "no module named fake",
	} {
		t.Run(what, func(t *testing.T) {
			c := Comparison{Contenders: contenders([]Tool{fakeTool(t, "x", what)}, []int{1}), Chains: 2, Rounds: 1, Progress: &strings.Builder{}}
			if _, err := c.Run(t.Context()); !says(err, want) {
				t.Errorf("error %v; want one with %q", err, want)
			}
		})
	}
}

func TestEachToolIsAskedOnceWhichItIs(t *testing.T) {
	serial := fakeTool(t, "b", "works")
	serial.Parallel = false
	c := Comparison{Contenders: contenders([]Tool{fakeTool(t, "a", "works"), serial}, []int{1, 2})}
	got, err := c.Versions(t.Context())
	if err != nil || got != "a 1.2.3, b 1.2.3" {
		t.Errorf("got %q, error %v", got, err)
	}
	if len(c.Contenders) != 3 {
		t.Errorf("%d contenders; want three, since b runs one stage at a time", len(c.Contenders))
	}
}

func TestToolsRunWithTheirDefaults(t *testing.T) {
	t.Setenv("FOIL_CACHE", "elsewhere")
	t.Setenv("SNAKEMAKE_PROFILE", "fast")
	t.Setenv("SHELL", "/bin/fish")
	env := environment("/user")
	for _, entry := range env {
		if strings.HasPrefix(entry, "FOIL_") || strings.HasPrefix(entry, "SNAKEMAKE_") {
			t.Errorf("%s is still there", entry)
		}
	}
	if slices.Contains(env, "SHELL=/bin/fish") || !slices.Contains(env, "SHELL=/bin/sh") {
		t.Error("the tools run another shell than sh")
	}
}
