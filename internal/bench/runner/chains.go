package main

import (
	"strconv"
	"strings"
)

// A Step is a step of every chain. In the texts, {chain} stands for the number of the chain.
type Step struct {
	Name    string
	Needs   []string // steps of the same chain, before this one
	Command string   // for sh; {out} is its output file, {NAME} the file of the step NAME
	Makes   string   // the content of the file
}

// steps are the description from which every tool's definition is generated.
var steps = []Step{
	{"make", nil, "echo chain {chain} >{out}", "chain {chain}\n"},
	{"transform", []string{"make"}, "tr a-z A-Z <{make} >{out}", "CHAIN {chain}\n"},
	{"combine", []string{"make", "transform"}, "cat {make} {transform} >{out}", "chain {chain}\nCHAIN {chain}\n"},
}

// command is the shell command, with a tool's notation for chains and files.
func (s Step) command(chain, out string, in func(step string) string) string {
	words := []string{"{chain}", chain, "{out}", out}
	for _, need := range s.Needs {
		words = append(words, "{"+need+"}", in(need))
	}
	return strings.NewReplacer(words...).Replace(s.Command)
}

// fileName is the name of a stage's file.
func fileName(step, chain string) string { return step + "-" + chain + ".txt" }

// expected is the content of the files of all stages, by name.
func expected(chains int) map[string]string {
	files := map[string]string{}
	for chain := range chains {
		n := strconv.Itoa(chain)
		for _, s := range steps {
			files[fileName(s.Name, n)] = strings.ReplaceAll(s.Makes, "{chain}", n)
		}
	}
	return files
}

// numbers are the numbers of the chains, as a YAML list.
func numbers(chains int) string {
	list := make([]string, chains)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return "[" + strings.Join(list, ", ") + "]"
}
