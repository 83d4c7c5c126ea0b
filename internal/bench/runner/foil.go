package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	foilFile  = "chains.yaml"
	foilCache = "cache" // the cache's folder, beside the spec
)

// foilTool runs each stage as a cell of the kind command.
func foilTool(program string) Tool {
	return Tool{
		Name: "foil", Needs: " (-foil must name the program that make build makes)", Parallel: true,
		File: foilFile, Define: foilSpec,
		Version: []string{program, "version"},
		Run: func(jobs int) []string {
			return []string{program, "run", foilFile, "--jobs", strconv.Itoa(jobs), "--cache", foilCache}
		},
		Outputs: foilOutputs,
	}
}

// foilPlan is the command that only looks up the cells.
func foilPlan(program string) []string {
	return []string{program, "plan", foilFile, "--cache", foilCache}
}

func foilSpec(chains int) string {
	var b strings.Builder
	b.WriteString("name: chains\nstages:\n")
	for _, s := range steps {
		out := s.Name + ".txt"
		command := s.command("${matrix.chain}", "out/"+out, func(step string) string { return "in/" + step + "/" + step + ".txt" })
		fmt.Fprintf(&b, "  %s:\n    uses: command\n", s.Name)
		if len(s.Needs) == 0 {
			fmt.Fprintf(&b, "    matrix: {chain: %s}\n", numbers(chains))
		} else {
			needs := make([]string, len(s.Needs))
			for i, need := range s.Needs {
				needs[i] = need + ": " + need
			}
			fmt.Fprintf(&b, "    needs: {%s}\n", strings.Join(needs, ", "))
		}
		fmt.Fprintf(&b, "    with: {run: [sh, -c, %q], outputs: [%s]}\n", command, out)
	}
	return b.String()
}

// foilOutputs reads the cache as docs/format.md describes it: a record for each cell, with the
// digest of its file.
func foilOutputs(dir string) (map[string]Output, error) {
	records, err := filepath.Glob(filepath.Join(dir, foilCache, "actions", "*", "*.json"))
	if err != nil {
		return nil, err
	}
	outputs := map[string]Output{}
	for _, path := range records {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var record struct {
			Cell    string
			Outputs []struct{ Digest string }
		}
		if err := json.Unmarshal(text, &record); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if len(record.Outputs) != 1 || len(record.Outputs[0].Digest) < 2 {
			return nil, fmt.Errorf("%s: %s has not one file with a digest", path, record.Cell)
		}
		digest := record.Outputs[0].Digest
		object := filepath.Join(dir, foilCache, "objects", digest[:2], digest)
		if outputs[cellFile(record.Cell)], err = readOutput(object, path); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// cellFile turns make[chain=7] into make-7.txt.
func cellFile(cell string) string {
	step, axes, _ := strings.Cut(cell, "[")
	return fileName(step, strings.TrimSuffix(strings.TrimPrefix(axes, "chain="), "]"))
}
