package main

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"foil/pipeline"
	"foil/spec"
	"foil/stages"
)

func newKinds() *cobra.Command {
	return &cobra.Command{
		Use:   "kinds [KIND]",
		Short: "List the kinds of stages, or describe one with its parameters",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("kinds describes one kind at a time, not %d", len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			all := stages.All()
			if len(args) == 0 {
				listKinds(cmd.OutOrStdout(), all)
				return nil
			}
			names := make([]string, len(all))
			for i, k := range all {
				if k.Name == args[0] {
					describeKind(cmd.OutOrStdout(), k)
					return nil
				}
				names[i] = k.Name
			}
			return fmt.Errorf("there is no kind %q%s (foil kinds lists all)", args[0], spec.Suggestion(args[0], names))
		},
	}
}

func listKinds(out io.Writer, kinds []pipeline.Kind) {
	var rows [][2]string
	for _, k := range kinds {
		rows = append(rows, [2]string{k.Name, firstSentence(k.Doc)})
	}
	twoColumns(out, "", rows)
}

// twoColumns prints names and their descriptions in two columns.
func twoColumns(out io.Writer, indent string, rows [][2]string) {
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	for _, r := range rows {
		fmt.Fprintf(out, "%s%-*s  %s\n", indent, width, r[0], wrap(r[1], len(indent)+width+2))
	}
}

// sentenceEnd is the end of a sentence, unlike the full stop of "et al. 2024".
var sentenceEnd = regexp.MustCompile(`\.\s+\p{Lu}`)

func firstSentence(text string) string {
	if end := sentenceEnd.FindStringIndex(text); end != nil {
		return text[:end[0]+1]
	}
	return text
}

func describeKind(out io.Writer, k pipeline.Kind) {
	fmt.Fprintf(out, "%s (version %d)\n\n%s\n", k.Name, k.Version, wrap(k.Doc, 0))
	if len(k.Inputs) > 0 {
		fmt.Fprintln(out, "\nInputs:")
		var rows [][2]string
		for _, p := range k.Inputs {
			how := "needs"
			if p.Gathered {
				how = "gather"
			}
			if p.Optional {
				how += ", optional"
			}
			rows = append(rows, [2]string{p.Name, fmt.Sprintf("%s (%s): %s", cmp.Or(p.Types(), "any type"), how, p.Doc)})
		}
		twoColumns(out, "  ", rows)
	}
	output := string(k.Output)
	if k.OutputParam != "" {
		output += fmt.Sprintf(", unless the parameter %s names another type", k.OutputParam)
	}
	fmt.Fprintf(out, "\nOutput: %s\n", output)
	var rows [][2]string
	for _, f := range k.Files {
		rows = append(rows, [2]string{f.Name, f.Doc})
	}
	twoColumns(out, "  ", rows)
	if fields := k.Fields(); len(fields) > 0 {
		fmt.Fprintln(out, "\nParameters (with):")
		describeFields(out, fields, "  ")
	}
	for _, mode := range k.Modes() {
		fmt.Fprintf(out, "\nDefaults with mode: %s in the spec:\n", mode)
		for _, line := range otherDefaults("", k.Fields(), k.In(mode).Fields()) {
			fmt.Fprintf(out, "  %s\n", line)
		}
	}
}

// otherDefaults lists the parameters whose defaults are others in a mode.
func otherDefaults(path string, usual, inMode []spec.FieldInfo) (lines []string) {
	for i, f := range inMode {
		if f.Default != usual[i].Default {
			lines = append(lines, fmt.Sprintf("%s%s = %s", path, f.Name, f.Default))
		}
		lines = append(lines, otherDefaults(path+f.Name+".", usual[i].Fields, f.Fields)...)
	}
	return lines
}

func describeFields(out io.Writer, fields []spec.FieldInfo, indent string) {
	for _, f := range fields {
		fmt.Fprintf(out, "%s%s\n", indent, wrap(fieldLine(f), len(indent)+8))
		fmt.Fprintf(out, "%s    %s\n", indent, wrap(f.Doc, len(indent)+4))
		describeFields(out, f.Fields, indent+"    ")
	}
}

func fieldLine(f spec.FieldInfo) string {
	line := fmt.Sprintf("%s: %s", f.Name, typeWords(f.Type, false))
	if f.Short != "" {
		line += " or a text, its " + f.Short
	}
	if f.Unit != "" {
		line += ", " + f.Unit
	}
	for _, b := range []struct {
		bound *float64
		text  string
	}{{f.Min, ">="}, {f.Above, ">"}, {f.Max, "<="}} {
		if b.bound != nil {
			line += fmt.Sprintf(", %s %s", b.text, strconv.FormatFloat(*b.bound, 'f', -1, 64))
		}
	}
	if f.OneOf != nil {
		line += ", one of " + strings.Join(f.OneOf, ", ")
	}
	if f.OutOfKey {
		line += ", not part of the key"
	}
	switch {
	case f.Required || f.NonEmpty && f.Default == "":
		line += " (required)"
	case f.Default != "" && len(f.Fields) == 0:
		line += " = " + f.Default
	}
	return line
}

// typeNames are the types of parameters in the words of errors: one value and several.
var typeNames = map[string][2]string{
	"string": {"text", "texts"},
	"text":   {"text or number", "texts or numbers"},
	"int":    {"whole number", "whole numbers"},
	"float":  {"number", "numbers"},
	"bool":   {"true or false", "true or false"},
	"object": {"map", "maps"},
	"any":    {"any value", "any values"},
}

// typeWords is a type in words: "list of whole numbers".
func typeWords(name string, several bool) string {
	for _, of := range []string{"list of ", "map of "} {
		if elem, ok := strings.CutPrefix(name, of); ok {
			if several {
				of = strings.Replace(of, " ", "s ", 1)
			}
			return of + typeWords(elem, true)
		}
	}
	words := typeNames[name]
	if several {
		return words[1]
	}
	return words[0]
}

// wrap breaks text at the width of help; lines after the first are indented.
func wrap(text string, indent int) string {
	return strings.TrimLeft(fill(strings.Fields(text), strings.Repeat(" ", indent), strings.Repeat(" ", indent), helpWidth()), " ")
}
