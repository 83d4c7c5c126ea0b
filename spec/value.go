package spec

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Value is a YAML value with its position: null, a scalar, a list or a map. Strings may hold
// ${...} expressions until Resolve replaces them.
type Value struct {
	Pos      Pos
	Type     ValueType
	Spelling string // of a number, true or false, as written in the spec; empty: as Canonical writes it

	Bool  bool
	Int   int64
	Float float64
	Str   string
	List  []Value
	Map   []Field // in file order, names unique
}

// A Field is a named value in a map.
type Field struct {
	Name    string
	NamePos Pos
	Value   Value
}

// A ValueType is the type of a Value.
type ValueType int

const (
	Null ValueType = iota
	Bool
	Int
	Float
	String
	List
	Map

	// invalid marks a value of the tree whose error has been reported, so that it is not reported
	// again. No Spec holds one.
	invalid ValueType = -1
)

// Get returns the field called name of a map.
func (v Value) Get(name string) (Value, bool) {
	for _, f := range v.Map {
		if f.Name == name {
			return f.Value, true
		}
	}
	return Value{}, false
}

// Equal compares type and content, not positions: the number 1 is not the text
// "1", but 1 is 1.0. The order of a map's fields does not matter.
func (v Value) Equal(w Value) bool {
	if v.isNumber() && w.isNumber() {
		return equalNumbers(v, w)
	}
	if v.Type != w.Type {
		return false
	}
	switch v.Type {
	case Bool:
		return v.Bool == w.Bool
	case String:
		return v.Str == w.Str
	case List:
		return slices.EqualFunc(v.List, w.List, Value.Equal)
	case Map:
		return len(v.Map) == len(w.Map) && !slices.ContainsFunc(v.Map, func(f Field) bool {
			other, ok := w.Get(f.Name)
			return !ok || !f.Value.Equal(other)
		})
	}
	return true
}

func (v Value) isNumber() bool { return v.Type == Int || v.Type == Float }

func (v Value) isScalar() bool { return v.Type != List && v.Type != Map }

// Incomplete reports whether v contains a value whose error has been reported, or which depends on
// something that has such an error. Params.Decode reports other errors of such a value.
func (v Value) Incomplete() bool {
	return v.Type == invalid || slices.ContainsFunc(v.List, Value.Incomplete) ||
		slices.ContainsFunc(v.Map, func(f Field) bool { return f.Value.Incomplete() })
}

// names lists the names of a map's fields, in file order.
func (v Value) names() []string {
	names := make([]string, len(v.Map))
	for i, f := range v.Map {
		names[i] = f.Name
	}
	return names
}

// String writes the value on one line of YAML, with the spelling of the spec: 0.50, abc, [1, 2],
// {k: 10}. The text reads back as an equal value.
func (v Value) String() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

// Canonical is String without the spelling of the spec. Equal scalars have the same text.
func (v Value) Canonical() string { return v.unspelled().String() }

// unspelled returns v without the spelling of its scalars.
func (v Value) unspelled() Value {
	return mapScalars(v, func(s Value) Value {
		s.Spelling = ""
		return s
	})
}

func (v Value) write(b *strings.Builder) {
	switch v.Type {
	case List:
		b.WriteByte('[')
		for i, e := range v.List {
			if i > 0 {
				b.WriteString(", ")
			}
			e.write(b)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, f := range v.Map {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(quoteIfNeeded(f.Name))
			b.WriteString(": ")
			f.Value.write(b)
		}
		b.WriteByte('}')
	case String:
		b.WriteString(quoteIfNeeded(v.Str))
	default:
		b.WriteString(v.plain())
	}
}

// plain is the text of a scalar for use in a longer text.
func (v Value) plain() string {
	switch {
	case v.Type == String:
		return v.Str
	case v.Spelling != "":
		return v.Spelling
	}
	switch v.Type {
	case Bool:
		return strconv.FormatBool(v.Bool)
	case Int, Float:
		return formatNumber(v)
	}
	return "null"
}

// bareText matches text that needs no quotes in any context, unless it is a number, true or null.
var bareText = regexp.MustCompile(`^[\pL_0-9/]([\pL\pN_ ./@%+-]*[\pL\pN_./@%+-])?$`)

func quoteIfNeeded(s string) string {
	if v, err := plainScalar(s); err == nil && v.Type == String && bareText.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

// describe describes a value for an error: its type, and its text if that is short.
func describe(v Value) string {
	text := v.String()
	if r := []rune(text); len(r) > 40 {
		text = string(r[:40]) + "..."
	}
	switch v.Type {
	case String:
		if !strings.HasPrefix(text, `"`) {
			text = strconv.Quote(text)
		}
		return "the text " + text
	case List:
		return "the list " + text
	case Map:
		return "the map " + text
	case Int, Float:
		return "the number " + text
	}
	return text
}

// Scalars that all YAML versions and readers understand in the same way. The reading of yaml.v3 is
// not used: it reads 1_000 and 0777 as the numbers 1000 and 511, an integer beyond 64 bits as a
// float, and 1e999 as a text.
var (
	integerText = regexp.MustCompile(`^[-+]?([0-9]+|0x[0-9a-fA-F]+|0o[0-7]+)$`)
	floatText   = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	octalText   = regexp.MustCompile(`^[-+]?0[0-9]+$`)
	disputed    = regexp.MustCompile(`^[-+]?([0-9][0-9.]*_[0-9_.]*|0[xo][0-9a-fA-F]*_[0-9a-fA-F_]*|0b[01_]+)$`)
	notFinite   = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// plainScalar reads a scalar that is written without quotes. Dates, yes, no,
// on and off are text.
func plainScalar(text string) (Value, error) {
	v, err := readScalar(text)
	if err == nil && (v.isNumber() || v.Type == Bool) {
		v.Spelling = text
	}
	return v, err
}

func readScalar(text string) (Value, error) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return Value{}, nil
	case "true", "True", "TRUE":
		return Value{Type: Bool, Bool: true}, nil
	case "false", "False", "FALSE":
		return Value{Type: Bool}, nil
	}
	if !strings.ContainsRune("+-.0123456789", rune(text[0])) { // avoids the patterns for most texts
		return Value{Type: String, Str: text}, nil
	}
	switch {
	case notFinite.MatchString(text):
		return Value{}, fmt.Errorf("%s: numbers must be finite", text)
	case octalText.MatchString(text):
		return Value{}, fmt.Errorf("%s: a number does not begin with 0; a text needs quotes", text)
	case disputed.MatchString(text):
		return Value{}, fmt.Errorf("%s: a number needs plain digits; a text needs quotes", text)
	case integerText.MatchString(text):
		return integer(text)
	case floatText.MatchString(text):
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) {
			return Value{}, fmt.Errorf("%s is too large for a number; a text needs quotes", text)
		}
		return Value{Type: Float, Float: f + 0}, nil // -0.0 + 0 is 0
	}
	return Value{Type: String, Str: text}, nil
}

func integer(text string) (Value, error) {
	digits := strings.TrimLeft(text, "+-")
	base := 10
	if strings.HasPrefix(digits, "0x") {
		base = 16
	} else if strings.HasPrefix(digits, "0o") {
		base = 8
	}
	if base != 10 {
		digits = digits[2:]
	}
	if strings.HasPrefix(text, "-") {
		digits = "-" + digits
	}
	i, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		return Value{}, fmt.Errorf("%s does not fit into 64 bits; a text needs quotes", text)
	}
	return Value{Type: Int, Int: i}, nil
}

// formatNumber writes a number in the shortest form that reads back as the same number. A whole
// float is written as an integer, so numbers that are Equal have the same text.
func formatNumber(v Value) string {
	if v.Type == Int {
		return strconv.FormatInt(v.Int, 10)
	}
	if i, ok := whole(v.Float); ok {
		return strconv.FormatInt(i, 10)
	}
	return strconv.FormatFloat(v.Float, 'g', -1, 64)
}

// whole returns f as an integer if it is one that fits.
func whole(f float64) (int64, bool) {
	if f != math.Trunc(f) || f < -(1<<63) || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

func equalNumbers(v, w Value) bool {
	switch {
	case v.Type == w.Type:
		return v.Int == w.Int && v.Float == w.Float
	case v.Type == Float:
		v, w = w, v
	}
	i, ok := whole(w.Float)
	return ok && i == v.Int
}

// MarshalJSON writes a value as a JSON string with one line of YAML, because JSON has neither
// infinity nor a difference between 1 and 1.0. Positions are not kept.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.String()) }

// UnmarshalJSON reads what MarshalJSON writes.
func (v *Value) UnmarshalJSON(text []byte) error {
	var line string
	if err := json.Unmarshal(text, &line); err != nil {
		return err
	}
	read, err := ParseValue("value", line)
	if err == nil {
		*v = read
	}
	return err
}
