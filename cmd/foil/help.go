package main

import (
	"os"
	"strings"

	"github.com/rivo/uniseg"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Widths of help texts.
const (
	usualHelp   = 80
	largestHelp = 100
)

// helpWidth is the width of help: that of the terminal, within limits.
func helpWidth() int {
	f, ok := terminal(os.Stdout)
	if !ok {
		return usualHelp
	}
	width, _ := sizeOf(f)
	return min(width, largestHelp)
}

// helpOf is the command line that shows the help of a command.
func helpOf(cmd *cobra.Command) string {
	name := cmd.Root().Name()
	return name + " help" + strings.TrimPrefix(cmd.CommandPath(), name)
}

// setHelp breaks the help of all commands at the width of the terminal.
func setHelp(root *cobra.Command) {
	cobra.AddTemplateFunc("paragraphs", func(text string) string { return paragraphs(text, helpWidth()) })
	cobra.AddTemplateFunc("flags", func(f *pflag.FlagSet) string { return flagLines(f, helpWidth()) })
	cobra.AddTemplateFunc("entry", func(name string, padding int, short string) string {
		return entry(name, padding+3, short, helpWidth())
	})
	replace := func(template, old, now string) string {
		if !strings.Contains(template, old) {
			panic("cobra's help has changed: it has no " + old)
		}
		return strings.ReplaceAll(template, old, now)
	}
	root.SetHelpTemplate(replace(root.HelpTemplate(), "{{. | trimTrailingWhitespaces}}", "{{. | paragraphs | trimTrailingWhitespaces}}"))
	usage := replace(root.UsageTemplate(), "Flags.FlagUsages", "Flags | flags")
	root.SetUsageTemplate(replace(usage, "  {{rpad .Name .NamePadding }} {{.Short}}", "{{entry .Name .NamePadding .Short}}"))
}

// flagLines describes flags in two columns.
func flagLines(flags *pflag.FlagSet, width int) string {
	var names, texts []string
	longest := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, text := pflag.UnquoteUsage(f)
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		if f.Value.Type() != "bool" {
			name += " " + value
		}
		switch f.DefValue {
		case "", "0", "0s", "false", "[]":
		default:
			text += " (default " + f.DefValue + ")"
		}
		names, texts = append(names, name), append(texts, text)
		longest = max(longest, len(name))
	})
	var b strings.Builder
	for i, name := range names {
		b.WriteString(entry(name, longest+4, texts[i], width) + "\n")
	}
	return b.String()
}

// entry is a name and its description, which begins at a column.
func entry(name string, column int, text string, width int) string {
	const smallest = 24 // a narrower description begins below the name
	words := strings.Fields(text)
	if column > width-smallest {
		return "  " + name + "\n" + fill(words, "      ", "      ", width)
	}
	rest := strings.Repeat(" ", column)
	return fill(words, ("  " + name + rest)[:column], rest, width)
}

// paragraphs breaks the lines of paragraphs again. List items and lines with a name in front are
// paragraphs of their own. A line continues a paragraph if it begins below its text.
func paragraphs(text string, width int) string {
	var out, words []string
	first, rest := "", ""
	flush := func() {
		if len(words) > 0 {
			out = append(out, fill(words, first, rest, width))
		}
		words = nil
	}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		bare := strings.TrimSpace(line)
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		own, column := leading(bare)
		switch {
		case bare == "":
			flush()
			out = append(out, "")
		case len(words) > 0 && indent == rest && column == 0:
			words = append(words, own...)
		default:
			flush()
			first, rest, words = indent, indent+strings.Repeat(" ", column), own
		}
	}
	flush()
	return strings.Join(out, "\n")
}

// leading are the words of the first line of a paragraph, and the column of its text. A name in
// front of a description stays as it is, with its spaces: "--older AGE        remove".
func leading(line string) (words []string, column int) {
	name, text, ok := strings.Cut(line, "  ")
	switch {
	case strings.HasPrefix(line, "- "):
		return strings.Fields(line), 2
	case !ok:
		return strings.Fields(line), 0
	}
	words = strings.Fields(text)
	column = strings.Index(line, text) + len(text) - len(strings.TrimLeft(text, " "))
	words[0] = name + strings.Repeat(" ", column-len(name)) + words[0]
	return words, column
}

// fill writes words in lines of less than a width.
func fill(words []string, first, rest string, width int) string {
	var b strings.Builder
	b.WriteString(first)
	column := uniseg.StringWidth(first)
	for i, w := range words {
		switch {
		case i == 0:
		case column+1+uniseg.StringWidth(w) >= width:
			b.WriteString("\n" + rest)
			column = len(rest)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(w)
		column += uniseg.StringWidth(w)
	}
	return b.String()
}
