package main

import (
	"fmt"
	"strings"
)

// dvcTool runs one stage at a time: dvc repro has no parallel mode.
func dvcTool(python string) Tool {
	dvc := func(args ...string) []string { return append([]string{python, "-m", "dvc"}, args...) }
	return Tool{
		Name: "DVC", Needs: needsPython,
		File: "dvc.yaml", Define: dvcPipeline,
		Version: dvc("--version"),
		Setup: [][]string{
			dvc("init", "--no-scm"),
			dvc("config", "core.check_update", "false"), // do not measure the network
		},
		Run:     func(int) []string { return dvc("repro") },
		Outputs: filesOutside,
	}
}

func dvcPipeline(chains int) string {
	const chain = "${item.chain}"
	var b strings.Builder
	b.WriteString("stages:\n")
	for _, s := range steps {
		file := func(step string) string { return fileName(step, chain) }
		fmt.Fprintf(&b, "  %s:\n    matrix: {chain: %s}\n", s.Name, numbers(chains))
		fmt.Fprintf(&b, "    cmd: %q\n", s.command(chain, file(s.Name), file))
		if len(s.Needs) > 0 {
			b.WriteString("    deps:\n")
			for _, need := range s.Needs {
				fmt.Fprintf(&b, "      - %q\n", file(need))
			}
		}
		fmt.Fprintf(&b, "    outs:\n      - %q\n", file(s.Name))
	}
	return b.String()
}
