package spec

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A syntaxError is the position and the message of a YAML syntax error.
type syntaxError struct {
	line, column int
	msg          string
}

// readDocument reads a text that holds one YAML document.
func readDocument(text string) (*yaml.Node, *syntaxError) {
	d := yaml.NewDecoder(strings.NewReader(text))
	var doc, next yaml.Node
	if err := decodeNode(d, &doc); err == io.EOF {
		return nil, &syntaxError{1, 1, "empty: only space and comments"}
	} else if err != nil {
		return nil, locate(text, err)
	}
	switch err := decodeNode(d, &next); err {
	case io.EOF:
		return doc.Content[0], nil
	case nil:
		return nil, &syntaxError{next.Line, next.Column, "a second document begins here; one file holds one spec"}
	default:
		return nil, locate(text, err)
	}
}

// decodeNode turns panics of yaml.v3 on unusual input into errors.
func decodeNode(d *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("this cannot be read as YAML")
		}
	}()
	return d.Decode(n)
}

var yamlMessage = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// yamlError splits an error of yaml.v3 into the line, if it names one, and the message.
func yamlError(err error) (line int, msg string) {
	m := yamlMessage.FindStringSubmatch(err.Error())
	if m == nil {
		return 0, err.Error()
	}
	line, _ = strconv.Atoi(m[1])
	return line, m[2]
}

// locate finds the position of a syntax error. The line in the message of yaml.v3 is the line of
// the error, the first line of the broken block, the line before it, or missing. But yaml.v3 always
// reads the text before the error without this error. So locate finds the position by reading
// shorter texts.
func locate(text string, err error) *syntaxError {
	about, msg := yamlError(err)
	fails := func(prefix string) bool {
		d := yaml.NewDecoder(strings.NewReader(prefix))
		for {
			var n yaml.Node
			if err := decodeNode(d, &n); err != nil {
				_, m := yamlError(err)
				return m == msg
			}
		}
	}
	ends := lineEnds(text)
	first := min(max(about-1, 0), len(ends)-1)
	n := first + sort.Search(len(ends)-1-first, func(i int) bool { return fails(text[:ends[first+i]]) })
	before := ""
	if n > 0 {
		before = text[:ends[n-1]]
	}
	line := []rune(strings.TrimRightFunc(text[len(before):ends[n]], isBreak))

	column := len(line) - len([]rune(strings.TrimLeftFunc(string(line), unicode.IsSpace)))
	if !isIndentation(msg) {
		column = sort.Search(len(line), func(i int) bool { return fails(before + string(line[:i+1])) })
	}
	// The cause may be before the position where reading fails.
	if name, ok := unknownAnchor(msg); ok {
		column = find(line, "*"+name, column)
	} else if isBracket(msg) {
		column = find(line, "${", openBracket(line, column))
	}
	column = max(min(column, len(line)-1), 0)
	return &syntaxError{n + 1, column + 1, explain(msg, line, column)}
}

// lineEnds returns the offset after each line, including its line end.
func lineEnds(text string) []int {
	var ends []int
	for rest := text; ; {
		_, end, after := cutLine(rest)
		ends = append(ends, len(text)-len(after))
		if end == "" {
			return ends
		}
		rest = after
	}
}

func isIndentation(msg string) bool {
	return msg == "did not find expected key" || msg == "did not find expected '-' indicator"
}

func isBracket(msg string) bool {
	return msg == "did not find expected ',' or ']'" || msg == "did not find expected ',' or '}'"
}

// find returns the column of a text in a line, or a default column.
func find(line []rune, text string, otherwise int) int {
	if i := strings.Index(string(line), text); i >= 0 {
		return utf8.RuneCountInString(string(line)[:i])
	}
	return otherwise
}

// openBracket returns the column of the last bracket in a line that is not closed or is closed by a
// bracket of the other type, or a default column.
func openBracket(line []rune, otherwise int) int {
	var open []int
	quote := rune(0)
	for i, r := range line {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '[' || r == '{':
			open = append(open, i)
		case (r == ']' || r == '}') && len(open) > 0:
			last := open[len(open)-1]
			if (line[last] == '[') != (r == ']') {
				return last
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return otherwise
	}
	return open[len(open)-1]
}

func unknownAnchor(msg string) (string, bool) {
	name, ok := strings.CutPrefix(msg, "unknown anchor '")
	return strings.TrimSuffix(name, "' referenced"), ok
}

// explain turns a message of yaml.v3 into a message for people who write YAML.
func explain(msg string, line []rune, column int) string {
	if name, ok := unknownAnchor(msg); ok {
		return fmt.Sprintf("*%s refers to &%s, which is not defined before it", name, name)
	}
	switch msg {
	case "did not find expected key":
		return "the indentation of this line does not fit the lines above"
	case "did not find expected '-' indicator":
		return "a list item must begin with \"- \" here"
	case "mapping values are not allowed in this context":
		return "a ':' is not allowed here: text that holds \": \" needs quotes, and a nested key belongs on a line of its own"
	case "could not find expected ':'":
		return "a key must be followed by ': ' and a value"
	case "did not find expected <document start>":
		return "there is more text after the closing quote or bracket; put the whole text in quotes"
	case "found unexpected end of stream":
		return "a quote is opened but not closed"
	case "found unknown escape character":
		return `unknown escape in double quotes; write \\ for a backslash, or use single quotes`
	case "did not find expected node content":
		return "a value is missing here"
	case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
		if strings.HasPrefix(string(line[column:]), "${") {
			return "inside [ ] and { } an expression needs quotes: \"${...}\""
		}
		return "this bracket is not closed"
	case "found character that cannot start any token":
		if column < len(line) && line[column] == '\t' {
			return "a tab cannot indent; use spaces"
		}
		if column < len(line) {
			return fmt.Sprintf("text that begins with %c needs quotes", line[column])
		}
	}
	return "not YAML: " + msg
}
