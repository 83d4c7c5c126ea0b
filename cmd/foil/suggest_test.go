package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"foil/pipeline/local"
	"foil/stages"
)

// The suggested commands and flags must exist, and the words of other tools must not: cobra accepts
// existing words without a suggestion.
func TestSuggestionsExist(t *testing.T) {
	root := newRoot(&local.Processes{})
	commands, flags := map[string]bool{}, map[string]bool{}
	for _, c := range root.Commands() {
		commands[c.Name()] = true
		c.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
	}
	command, flag := regexp.MustCompile(`\bfoil ([a-z]+)`), regexp.MustCompile(`--([a-z-]+)`)
	parameter := regexp.MustCompile(`\bwith\.([a-z_]+)=`)
	for _, table := range [][]translation{foreignCommands, foreignFlags} {
		seen := map[string]bool{}
		for _, row := range table {
			for _, m := range command.FindAllStringSubmatch(row.here, -1) {
				if !commands[m[1]] {
					t.Errorf("%s: there is no command %s", row.words, m[1])
				}
			}
			for _, m := range flag.FindAllStringSubmatch(row.here, -1) {
				if !flags[m[1]] {
					t.Errorf("%s: there is no flag --%s", row.words, m[1])
				}
			}
			for _, m := range parameter.FindAllStringSubmatch(row.here, -1) {
				if !isParameter(m[1]) {
					t.Errorf("%s: there is no parameter %s", row.words, m[1])
				}
			}
			for word := range strings.FieldsSeq(row.words) {
				if seen[word] {
					t.Errorf("%s is there twice", word)
				}
				seen[word] = true
			}
		}
	}
	for _, row := range foreignCommands {
		for word := range strings.FieldsSeq(row.words) {
			if commands[word] {
				t.Errorf("%s is a command", word)
			}
		}
	}
}

func isParameter(name string) bool {
	for _, k := range stages.All() {
		for _, f := range k.Fields() {
			if f.Name == name {
				return true
			}
		}
	}
	return false
}

func TestWordsOfOtherToolsAreUnderstood(t *testing.T) {
	for line, want := range map[string]string{
		"clean":                       `unknown command "clean"; did you mean foil gc?`,
		"show":                        `did you mean foil get EXPERIMENT CELL?`,
		"report":                      `did you mean foil run EXPERIMENT, which prints the tables again?`,
		"dry-run":                     `did you mean foil plan EXPERIMENT?`,
		"repro":                       `did you mean foil run EXPERIMENT?`,
		"dag":                         `did you mean foil plan EXPERIMENT?`,
		"params":                      `did you mean foil run EXPERIMENT --set PATH=VALUE?`,
		"multirun":                    `did you mean a matrix in the spec`,
		"exlpain":                     `unknown command "exlpain"; did you mean foil explain?`,
		"quickstart":                  `did you mean foil run quickstart?`,
		"mine.yaml":                   `did you mean foil run mine.yaml?`,
		"frobnicate":                  `unknown command "frobnicate"`,
		"run x --dry-run":             `unknown flag: --dry-run; did you mean foil plan EXPERIMENT?`,
		"run x -n":                    `did you mean foil plan EXPERIMENT?`,
		"run x --epochs 5":            `did you mean --set stages.NAME.with.epochs=N?`,
		"run x --weight-decay 1":      `did you mean --set stages.NAME.with.weight_decay=VALUE?`,
		"run x --lr 0.1":              `did you mean --set stages.NAME.with.rate=X?`,
		"run x --forceall":            `did you mean foil verify --rerun N EXPERIMENT`,
		"run x --multirun":            `did you mean a matrix in the spec`,
		"run x --ofline":              `did you mean --offline?`,
		"run x --frobnicate":          `unknown flag: --frobnicate`,
		"run x lr=0.1":                `did you mean --set lr=0.1?`,
		"run x +stages.a.with.rate=1": `did you mean --set stages.a.with.rate=1?`,
		"plan x y":                    `plan takes one experiment, by name or as a file, not 2 arguments`,
	} {
		root := newRoot(&local.Processes{})
		root.SetArgs(strings.Fields(line))
		err := root.Execute()
		if _, ok := err.(usageError); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("foil %s: %v, want %s", line, err, want)
		}
		if err != nil && !strings.Contains(want, "did you mean") && strings.Contains(err.Error(), "did you mean") {
			t.Errorf("foil %s: %v", line, err)
		}
	}
}

// The help of each command has a usage line and fits a terminal.
func TestHelpFitsATerminal(t *testing.T) {
	for _, c := range append([]*cobra.Command{newRoot(&local.Processes{})}, newRoot(&local.Processes{}).Commands()...) {
		long := slices.MaxFunc(strings.Split(c.Long, "\n"), func(a, b string) int { return len(a) - len(b) })
		if len(long) > 84 {
			t.Errorf("foil %s: %q is wider than a terminal", c.Name(), long)
		}
	}
}
