package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"foil/experiments"
	"foil/internal/app"
	"foil/spec"
	"foil/stages"
)

// A translation maps words of other tools to foil's command or flag.
type translation struct{ words, here string }

// Commands of DVC, Snakemake, Hydra, MLflow and make, with foil's equivalents.
var foreignCommands = []translation{
	{"clean cleanup prune purge rm remove", "foil gc"},
	{"show display ls list files checkout", "foil get EXPERIMENT CELL"},
	{"report table tables metrics plots figure figures results", "foil run EXPERIMENT, which prints the tables again"},
	{"repro reproduce exp experiment train start make build exec queue", "foil run EXPERIMENT"},
	{"resume continue retry restart", "foil run EXPERIMENT, which resumes"},
	{"dry-run dryrun dag graph estimate", "foil plan EXPERIMENT"},
	{"params config configure override", "foil run EXPERIMENT --set PATH=VALUE"},
	{"sweep multirun grid tune", "a matrix in the spec, such as matrix: {seed: [1, 2, 3]}"},
	{"diff why compare", "foil explain EXPERIMENT CELL"},
	{"logs tail output", "foil log EXPERIMENT CELL"},
	{"progress top ps watch summary", "foil status EXPERIMENT"},
	{"lint check doctor", "foil validate EXPERIMENT, or foil verify for the cache"},
	{"test", "foil validate EXPERIMENT"},
	{"init create template scaffold", "foil new CHOICE"},
	{"pack save archive", "foil export EXPERIMENT -o FILE"},
	{"fetch load unpack restore", "foil import FILE"},
	{"stages steps components models attacks datasets", "foil kinds"},
}

// Flags of the same tools, without dashes.
var foreignFlags = []translation{
	{"dry-run dryrun dry n just-print", "foil plan EXPERIMENT"},
	{"dag rulegraph", "foil plan EXPERIMENT"},
	{"summary detailed-summary S", "foil status EXPERIMENT"},
	{"lint", "foil validate EXPERIMENT"},
	{"params set-param config cfg C", "--set PATH=VALUE"},
	{"multirun m sweep", "a matrix in the spec, such as matrix: {seed: [1, 2, 3]}"},
	{"force f forceall F forcerun R no-cache", "foil verify --rerun N EXPERIMENT, which runs cells again and compares"},
	{"stage stages until U single-item s target filter", "--only CELLS"},
	{"workers parallel num-workers p", "--jobs N"},
	{"resources", "--memory SIZE and --gpus N"},
	{"gpu device cuda", "--gpus N, with --backend"},
	{"cache-dir", "--cache DIR"},
	{"out-dir output-dir outdir output", "--results DIR"},
	{"data-dir datadir", "--data DIR"},
	{"report", "foil run EXPERIMENT, which writes reports to results/"},
	{"rerun-incomplete resume continue keep-going k", "foil run EXPERIMENT, which does so by default"},
	{"delete-all-output cleanup clean", "foil gc"},
	{"unlock", "no flag: a lock ends with the process that took it"},
	{"snakefile file spec", "foil run FILE"},
	{"seed", "--set seed=N"},
	{"lr learning-rate", "--set stages.NAME.with.rate=X"},
	{"batch-size bs", "--set stages.NAME.with.batch=N"},
}

// ownFlags are names of other tools for flags that some commands have.
var ownFlags = []translation{
	{"n dry just-print what-if", "dry-run"},
	{"verbose v all long l", "verbose"},
	{"max size limit", "max-size"},
	{"age older-than days", "older"},
}

// translate finds a word in a table; it returns "" for unknown words.
func translate(table []translation, word string) string {
	for _, t := range table {
		for w := range strings.FieldsSeq(t.words) {
			if w == word {
				return t.here
			}
		}
	}
	return ""
}

// knownCommand rejects the arguments of the root command, which are unknown commands.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	name := args[0]
	names := commandNames(root)
	advice := ""
	if _, ok := experiments.Read(name); ok || app.LooksLikeFile(name) {
		advice = "foil run " + name
	} else if file := app.SpecFile(name); file != "" {
		advice = "foil run " + file
	} else if advice = translate(foreignCommands, strings.ToLower(name)); advice == "" {
		if near := spec.Nearest(name, names); near != "" {
			advice = "foil " + near
		}
	}
	return usageError{fmt.Errorf("unknown command %q%s", name, didYouMean(advice))}
}

// commandNames are the names of the commands below a command.
func commandNames(cmd *cobra.Command) (names []string) {
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// flagError adds a suggestion to the error of a flag that a command does not have.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &invalid):
		return usageError{valueError(invalid)}
	case !errors.As(err, &unknown):
		return usageError{err}
	}
	name := unknown.GetSpecifiedName()
	advice := translate(foreignFlags, name)
	if !cmd.HasParent() && (name == "version" || name == "v" || name == "V") {
		advice = "foil version"
	}
	if own := translate(ownFlags, name); own != "" && cmd.Flags().Lookup(own) != nil {
		advice = "--" + own
	}
	if advice == "" {
		advice = parameterAdvice(name)
	}
	if advice == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := spec.Nearest(name, names); near != "" {
			advice = "--" + near
		}
	}
	return usageError{fmt.Errorf("%w%s", err, didYouMean(advice))}
}

// valueError says which values a flag takes.
func valueError(err *pflag.InvalidValueError) error {
	flag, value := err.GetFlag(), err.GetValue()
	takes := map[string]string{"int": "a whole number", "bool": "true or false", "duration": "a time with a unit, such as 90s or 5m"}[flag.Value.Type()]
	if takes == "" {
		return err
	}
	if _, e := strconv.ParseInt(value, 0, 64); errors.Is(e, strconv.ErrRange) {
		return fmt.Errorf("--%s cannot be as large as %s", flag.Name, value)
	}
	return fmt.Errorf("--%s must be %s, not %q", flag.Name, takes, value)
}

// parameterAdvice is for a flag that is a parameter of some kind, such as --epochs.
func parameterAdvice(flag string) string {
	name := strings.ReplaceAll(flag, "-", "_")
	for _, k := range stages.All() {
		for _, f := range k.Fields() {
			if f.Name == name {
				return fmt.Sprintf("--set stages.NAME.with.%s=%s", name, valueWord(f.Type))
			}
		}
	}
	return ""
}

func valueWord(parameterType string) string {
	if parameterType == "int" {
		return "N"
	}
	return "VALUE"
}

// setAdvice is for arguments such as lr=0.1, in the notation of Hydra.
func setAdvice(args []string) string {
	for _, a := range args {
		if name, value, ok := strings.Cut(a, "="); ok && name != "" && !strings.Contains(name, "/") {
			return didYouMean(fmt.Sprintf("--set %s=%s", strings.TrimLeft(name, "+~"), value))
		}
	}
	return ""
}

func didYouMean(advice string) string {
	if advice == "" {
		return ""
	}
	return "; did you mean " + advice + "?"
}
