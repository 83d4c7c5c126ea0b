package artifact

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// OutcomesCSVFile is the file in which a program may write outcomes instead of OutcomesFile.
const OutcomesCSVFile = "outcomes.csv"

// foreignOutcomes are outcomes as other programs write them: rows in any order, with or without a
// split and a checkpoint.
type foreignOutcomes struct {
	Outcomes                   // without parts
	split, checkpoint []string // of each row; nil: none
}

// unitColumn returns the name of the column of units.
func unitColumn(names []string) (string, error) {
	var found []string
	for _, name := range outcomeUnits {
		if slices.Contains(names, name) {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("there is no column of units, which is called one of %s; the columns are %s", quoted(outcomeUnits), quoted(names))
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%s are all columns of units; keep one", quoted(found))
}

// classesIn matches the end of the name of a balanced column: "gender:bacc [balance=gender:label]".
var classesIn = regexp.MustCompile(`^(.+?) *\[balance=(.+)\]$`)

// addNumbers adds a column of numbers. balance is the column of its classes; the name may name it,
// too, because most programs cannot write metadata of a column.
func (f *foreignOutcomes) addNumbers(name, balance string, values []float64) {
	if m := classesIn.FindStringSubmatch(name); m != nil {
		name, balance = m[1], m[2]
	}
	s := seriesOf(name)
	s.Balance, s.Values = balance, values
	f.Series = append(f.Series, s)
}

// arrange sorts the rows by split and checkpoint, in the order of their first rows, and by unit.
func (f *foreignOutcomes) arrange() (*Outcomes, error) {
	none := make([]string, f.Len())
	if f.split == nil {
		f.split = none
	}
	if f.checkpoint == nil {
		f.checkpoint = none
	}
	part := make([]int, f.Len()) // of each row
	numbers := map[OutcomePart]int{}
	order := make([]int, f.Len())
	for i := range order {
		at := OutcomePart{Split: f.split[i], Checkpoint: f.checkpoint[i]}
		n, ok := numbers[at]
		if !ok {
			n = len(numbers)
			numbers[at] = n
			f.Parts = append(f.Parts, at)
		}
		f.Parts[n].Rows++
		order[i], part[i] = i, n
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(part[a], part[b]), cmp.Compare(f.Units[a], f.Units[b]))
	})
	for n := 1; n < len(order); n++ {
		if a, b := order[n-1], order[n]; part[a] == part[b] && f.Units[a] == f.Units[b] {
			return nil, fmt.Errorf("%s are both of %s %d (split %q, checkpoint %q); each may have one row",
				f.places(a, b), f.Unit, f.Units[a], f.split[a], f.checkpoint[a])
		}
	}
	o := f.Outcomes
	o.Units = permuted(o.Units, order)
	if o.lines != nil {
		o.lines = permuted(o.lines, order)
	}
	for i := range o.Attributes {
		o.Attributes[i].Values = permuted(o.Attributes[i].Values, order)
	}
	for i := range o.Series {
		o.Series[i].Values = permuted(o.Series[i].Values, order)
	}
	if err := errors.Join(o.checkIDs(), o.check()); err != nil {
		return nil, err
	}
	o.lines = nil
	return &o, nil
}

// checkIDs refuses an id that two units of a split and checkpoint have: neither could be paired.
func (o *Outcomes) checkIDs() error {
	i := slices.IndexFunc(o.Attributes, func(a OutcomeAttribute) bool { return a.Name == o.IDAttribute() })
	if i < 0 {
		return nil
	}
	ids, start := o.Attributes[i].Values, 0
	for _, p := range o.Parts {
		first := make(map[string]int, p.Rows)
		for row := start; row < start+p.Rows; row++ {
			other, twice := first[ids[row]]
			if twice && ids[row] != "" {
				return fmt.Errorf("%s %d and %d both have the %s %q (%s, split %q, checkpoint %q); each needs its own",
					o.Unit, o.Units[other], o.Units[row], o.IDAttribute(), ids[row], o.places(other, row), p.Split, p.Checkpoint)
			}
			first[ids[row]] = row
		}
		start += p.Rows
	}
	return nil
}

func permuted[T any](from []T, order []int) []T {
	out := make([]T, len(order))
	for i, row := range order {
		out[i] = from[row]
	}
	return out
}

func (t *foreignTable) outcomes() (*Outcomes, error) {
	var f foreignOutcomes
	var err error
	if f.Unit, err = unitColumn(t.names()); err != nil {
		return nil, err
	}
	for i, field := range t.fields {
		switch typ := valueType(field.Type); {
		case indexColumn.MatchString(field.Name):
		case field.Name == f.Unit:
			f.Units, err = t.int32s(i, false)
		case field.Name == splitColumn:
			f.split, err = t.texts(i, true)
		case field.Name == checkpointColumn:
			f.checkpoint, err = t.texts(i, true)
		case isText(typ), field.Name == f.IDAttribute(): // ids are often numbers, but no results
			a := OutcomeAttribute{Name: field.Name}
			a.Values, err = t.texts(i, true)
			f.Attributes = append(f.Attributes, a)
		case isNumeric(typ), typ.ID() == arrow.BOOL:
			var values []float64
			values, err = t.numbersOrNaN(i)
			balance, _ := field.Metadata.GetValue(balanceKey)
			f.addNumbers(field.Name, balance, values)
		default:
			err = t.wrongType(i, "a number, or text (an attribute)", "float64")
		}
		if err != nil {
			return nil, err
		}
	}
	return f.arrange()
}

// numbersOrNaN reads numbers of any type, and false and true as 0 and 1. Null is NaN.
func (t *foreignTable) numbersOrNaN(column int) ([]float64, error) {
	values := make([]float64, 0, t.rows)
	err := t.each(column, func(_ int, a arrow.Array, i int) error {
		n, ok := boolOrNumberAt(a, i)
		f, exact := n.float()
		switch {
		case !ok:
			f = math.NaN()
		case !exact:
			return fmt.Errorf("float64 cannot hold %s exactly", n)
		}
		values = append(values, f)
		return nil
	})
	return values, err
}

func boolOrNumberAt(a arrow.Array, i int) (n number, ok bool) {
	b, isBool := a.(*array.Boolean)
	switch {
	case !isBool:
		return numberAt(a, i)
	case b.IsValid(i) && b.Value(i):
		n.i = 1
	}
	return n, b.IsValid(i)
}

// ParseOutcomesCSV reads a table with a head. A column of units is required, and at least one
// column of numbers; an empty field is a missing number. split and checkpoint are optional. Other
// columns with text are attributes.
func ParseOutcomesCSV(raw []byte) (*Outcomes, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; the first line must name the columns: user,ndcg@10")
	} else if err != nil {
		return nil, err
	}
	for i, name := range head {
		if head[i] = strings.TrimSpace(name); head[i] == "" {
			return nil, fmt.Errorf("line 1: column %d has no name; if it is the index of a table, leave it out, in pandas with to_csv(index=False)", i+1)
		} else if slices.Contains(head[:i], head[i]) {
			return nil, fmt.Errorf("two columns are called %q", head[i])
		}
	}
	var f foreignOutcomes
	if f.Unit, err = unitColumn(head); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	columns := make([][]string, len(head))
	lines := []int{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		lines = append(lines, line)
		for i := range head {
			columns[i] = append(columns[i], strings.TrimSpace(row[i]))
		}
	}
	for i, name := range head {
		switch name {
		case f.Unit:
			for row, text := range columns[i] {
				u, err := strconv.ParseFloat(text, 64) // programs also write 10.0
				if err != nil || u != math.Trunc(u) || u < 0 || u > math.MaxInt32 {
					return nil, fmt.Errorf("line %d: %s %q is not a whole number of at least 0", lines[row], name, text)
				}
				f.Units = append(f.Units, int32(u))
			}
		case splitColumn:
			f.split = columns[i]
		case checkpointColumn:
			f.checkpoint = columns[i]
		case f.IDAttribute(): // often numbers, but no results
			f.Attributes = append(f.Attributes, OutcomeAttribute{Name: name, Values: columns[i]})
		default:
			numbers, wrong := numbersIn(columns[i])
			switch {
			case wrong < 0:
				f.addNumbers(name, "", numbers)
			case strings.ContainsAny(name, "@:") && !slices.ContainsFunc(columns[i], func(text string) bool { return text != "" }):
				f.addNumbers(name, "", slices.Repeat([]float64{math.NaN()}, len(lines))) // no unit has the metric
			case strings.ContainsAny(name, "@:"): // the name of a metric
				return nil, fmt.Errorf("line %d: %s %q is not a number", lines[wrong], name, columns[i][wrong])
			default:
				f.Attributes = append(f.Attributes, OutcomeAttribute{Name: name, Values: columns[i]})
			}
		}
	}
	f.lines = lines
	return f.arrange()
}

// numbersIn reads a column of numbers, or of False and True. wrong is the first row that holds
// something else, or -1. A column of empty fields holds no numbers.
func numbersIn(texts []string) (numbers []float64, wrong int) {
	any := len(texts) == 0
	for i, text := range texts {
		v, err := strconv.ParseFloat(text, 64)
		switch {
		case text == "":
			v = math.NaN()
		case strings.EqualFold(text, "false"):
			v, any = 0, true
		case strings.EqualFold(text, "true"):
			v, any = 1, true
		case err != nil:
			return nil, i
		default:
			any = true
		}
		numbers = append(numbers, v)
	}
	if !any {
		return nil, 0
	}
	return numbers, -1
}
