package main

import (
	"strconv"
	"strings"
)

// A Step is what every chain does once. In the texts, {chain} stands for the
// chain's number.
type Step struct {
	Name    string
	Needs   []string // steps of the same chain, before this one
	Command string   // for sh; {out} is the file that it makes, {NAME} that of a step it needs
	Makes   string   // what is in the file
}

// steps are the description from which every tool's definition is generated.
var steps = []Step{
	{"make", nil, "echo chain {chain} >{out}", "chain {chain}\n"},
	{"transform", []string{"make"}, "tr a-z A-Z <{make} >{out}", "CHAIN {chain}\n"},
	{"combine", []string{"make", "transform"}, "cat {make} {transform} >{out}", "chain {chain}\nCHAIN {chain}\n"},
}

// command is what sh is told, in a tool's words for a chain and for files.
func (s Step) command(chain, out string, in func(step string) string) string {
	words := []string{"{chain}", chain, "{out}", out}
	for _, need := range s.Needs {
		words = append(words, "{"+need+"}", in(need))
	}
	return strings.NewReplacer(words...).Replace(s.Command)
}

// fileName is that of a stage's file.
func fileName(step, chain string) string { return step + "-" + chain + ".txt" }

// expected is what the files of all stages hold, by name.
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

// numbers are those of the chains, as a list in YAML.
func numbers(chains int) string {
	list := make([]string, chains)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return "[" + strings.Join(list, ", ") + "]"
}
