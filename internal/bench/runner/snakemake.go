package main

import (
	"fmt"
	"strconv"
	"strings"
)

const needsPython = " (-python must name an interpreter with the packages of requirements.txt)"

func snakemakeTool(python string) Tool {
	return Tool{
		Name: "Snakemake", Needs: needsPython, Parallel: true,
		File: "Snakefile", Define: snakefile,
		Version: []string{python, "-m", "snakemake", "--version"},
		Run: func(jobs int) []string {
			return []string{python, "-m", "snakemake", "--cores", strconv.Itoa(jobs)}
		},
		Outputs: filesOutside,
	}
}

func snakefile(chains int) string {
	var b strings.Builder
	b.WriteString("shell.executable(\"sh\")\n\n") // the same shell as the other tools; the default is bash
	last := steps[len(steps)-1].Name
	fmt.Fprintf(&b, "rule all:\n    input: expand(%q, chain=range(%d))\n", fileName(last, "{chain}"), chains)
	for _, s := range steps {
		fmt.Fprintf(&b, "\nrule %s:\n", s.Name)
		if len(s.Needs) > 0 {
			inputs := make([]string, len(s.Needs))
			for i, need := range s.Needs {
				inputs[i] = fmt.Sprintf("%s=%q", need, fileName(need, "{chain}"))
			}
			fmt.Fprintf(&b, "    input: %s\n", strings.Join(inputs, ", "))
		}
		command := s.command("{wildcards.chain}", "{output}", func(step string) string { return "{input." + step + "}" })
		fmt.Fprintf(&b, "    output: %q\n    shell: %q\n", fileName(s.Name, "{chain}"), command)
	}
	return b.String()
}
