package artifact

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The names of the column of units. UnitOther is for programs whose units are neither users nor
// images.
const (
	UnitUser  = "user"
	UnitImage = "image"
	UnitOther = "unit"
)

// Outcomes are the results of an evaluation or an attack for each unit, which is a user or an image.
// Metrics are means of them.
type Outcomes struct {
	Unit       string             // UnitUser, UnitImage or UnitOther
	Parts      []OutcomePart      // the rows of a part follow those of the part before it
	Units      []int32            // of each row: the number of the unit, ascending within a part
	Attributes []OutcomeAttribute // texts about the units
	Series     []OutcomeSeries    // numbers of the units

	lines []int // of each row in the text that it is read from, until it is checked; nil: rows count
}

// An OutcomePart is the rows of one split and checkpoint.
type OutcomePart struct {
	Split      string // Test, Validation, or ""
	Checkpoint string // "best", "last" or ""
	Rows       int
}

// An OutcomeAttribute is a column of texts, such as the gender of each user.
type OutcomeAttribute struct {
	Name   string
	Values []string // of each row; "" is missing
}

// An OutcomeSeries is a column of numbers. If the artifact has a metric with the same name, cut-off
// and group, the metric is the mean of the numbers.
type OutcomeSeries struct {
	Name    string
	K       int    // cut-off; 0 where there is none
	Group   string // the attribute under attack, for example; "" is all units
	Values  []float64
	Balance string // column of class numbers: the metric is the mean of the means of the classes; "" is a plain mean
}

// Column is the name of the column: ndcg@10, gender:bacc.
func (s *OutcomeSeries) Column() string { return seriesColumn(s.Group, s.Name, s.K) }

func seriesColumn(group, name string, k int) string {
	if group != "" {
		name = group + ":" + name
	}
	if k > 0 {
		name += "@" + strconv.Itoa(k)
	}
	return name
}

// seriesOf takes the name of a column apart.
func seriesOf(column string) OutcomeSeries {
	s := OutcomeSeries{Name: column}
	if name, cutoff, ok := cutLast(s.Name, "@"); ok {
		if k, err := strconv.ParseInt(cutoff, 10, 32); err == nil && k > 0 && cutoff == strconv.FormatInt(k, 10) {
			s.Name, s.K = name, int(k)
		}
	}
	if group, name, ok := cutLast(s.Name, ":"); ok {
		s.Group, s.Name = group, name
	}
	return s
}

// cutLast cuts a text around the last separator, if there is text on both sides.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 1 || i+len(separator) == len(text) {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// UnitValues are the values of one metric, by unit.
type UnitValues struct {
	Unit  []int32 // ascending
	Value []float64
	Class []int32 // nil: the metric is the mean of the values. Otherwise it is the mean of the means of the classes
}

// Mean is the value of the metric.
func (v UnitValues) Mean() float64 {
	if v.Class == nil {
		return mean(v.Value)
	}
	classes := map[int32][]float64{}
	for i, c := range v.Class {
		classes[c] = append(classes[c], v.Value[i])
	}
	var means []float64
	for _, c := range slices.Sorted(maps.Keys(classes)) { // a sum in a fixed order
		means = append(means, mean(classes[c]))
	}
	return mean(means)
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Of returns the values that a metric is made of, in a split at a checkpoint. group is that of the
// metric: "", the group of a series, or ATTRIBUTE=VALUE for the units that have this value. Units
// that do not enter the metric are left out. found is false if there are no values.
//
// The result may share memory with the outcomes.
func (o *Outcomes) Of(metric string, k int, group, split, checkpoint string) (values UnitValues, found bool) {
	start := 0
	for _, p := range o.Parts {
		if end := start + p.Rows; p.Split != split || p.Checkpoint != checkpoint {
			start = end
			continue
		} else if s := o.series(seriesColumn(group, metric, k)); s != nil {
			values = o.values(s, start, end, nil)
		} else if s := o.series(seriesColumn("", metric, k)); s != nil {
			if has := o.having(group); has != nil {
				values = o.values(s, start, end, has)
			}
		}
		break
	}
	return values, len(values.Unit) > 0
}

// series returns the series with the column, or nil.
func (o *Outcomes) series(column string) *OutcomeSeries {
	for i := range o.Series {
		if o.Series[i].Column() == column {
			return &o.Series[i]
		}
	}
	return nil
}

// having returns a function that tells whether a row belongs to the group COLUMN=VALUE, or nil if
// there is no such column.
func (o *Outcomes) having(group string) func(row int) bool {
	column, value, ok := strings.Cut(group, "=")
	if !ok {
		return nil
	}
	for _, a := range o.Attributes {
		if a.Name == column {
			return func(row int) bool { return a.Values[row] == value }
		}
	}
	number, err := strconv.ParseFloat(value, 64)
	if s := o.series(column); s != nil && err == nil {
		return func(row int) bool { return s.Values[row] == number }
	}
	return nil
}

// values returns the values of the rows start to end that are not NaN and for which has is true.
func (o *Outcomes) values(s *OutcomeSeries, start, end int, has func(row int) bool) UnitValues {
	var class []float64
	if s.Balance != "" {
		class = o.series(s.Balance).Values
	}
	if has == nil && class == nil && !slices.ContainsFunc(s.Values[start:end], math.IsNaN) {
		return UnitValues{Unit: o.Units[start:end:end], Value: s.Values[start:end:end]}
	}
	var v UnitValues
	for i := start; i < end; i++ {
		if math.IsNaN(s.Values[i]) || has != nil && !has(i) {
			continue
		}
		v.Unit, v.Value = append(v.Unit, o.Units[i]), append(v.Value, s.Values[i])
		if class != nil {
			v.Class = append(v.Class, int32(class[i]))
		}
	}
	return v
}

// Metrics are the means of all series, in the order of parts and columns. Columns of class numbers,
// which others are balanced by, are no metrics.
func (o *Outcomes) Metrics() (metrics []Metric) {
	for _, p := range o.Parts {
		for _, s := range o.Series {
			if slices.ContainsFunc(o.Series, func(t OutcomeSeries) bool { return t.Balance == s.Column() }) {
				continue
			}
			if values, ok := o.Of(s.Name, s.K, s.Group, p.Split, p.Checkpoint); ok {
				metrics = append(metrics, Metric{Name: s.Name, K: s.K, Group: s.Group, Split: p.Split, Checkpoint: p.Checkpoint, Value: values.Mean()})
			}
		}
	}
	return metrics
}

// Len is the number of rows.
func (o *Outcomes) Len() int { return len(o.Units) }

// IDAttribute is the name of the attribute that identifies a unit, such as user_id. The number of a
// unit is a row of one split, and the splits of other folds may leave out other users.
func (o *Outcomes) IDAttribute() string { return o.Unit + "_id" }

// AddAttributes adds the attributes and the ids of users whose rows are the units. An attribute that
// is called like another column is left out.
func (o *Outcomes) AddAttributes(users *Users) {
	taken := append([]string{o.IDAttribute()}, reservedOutcomes...)
	for i := range o.Series {
		taken = append(taken, o.Series[i].Column())
	}
	for i := range users.Attributes {
		a := &users.Attributes[i]
		if slices.Contains(taken, a.Name) {
			continue
		}
		o.Attributes = append(o.Attributes, OutcomeAttribute{Name: a.Name, Values: pick(a.Texts(), o.Units)})
	}
	o.Attributes = append(o.Attributes, OutcomeAttribute{Name: o.IDAttribute(), Values: pick(users.ID, o.Units)})
}

// Append adds the rows of outcomes with the same columns. The rows that it adds are copied, unless
// there are none before them.
func (o *Outcomes) Append(more *Outcomes) error {
	if len(o.Parts) == 0 {
		*o = *more
		o.clip()
		return nil
	}
	if had, has := o.columns(), more.columns(); !slices.Equal(had, has) {
		return fmt.Errorf("the columns are %s, but they were %s", quoted(has), quoted(had))
	}
	o.Parts = append(o.Parts, more.Parts...)
	o.Units = append(o.Units, more.Units...)
	for i := range o.Attributes {
		o.Attributes[i].Values = append(o.Attributes[i].Values, more.Attributes[i].Values...)
	}
	for i := range o.Series {
		o.Series[i].Values = append(o.Series[i].Values, more.Series[i].Values...)
	}
	return nil
}

// clip removes the room after each column, which may be somebody else's, so that more rows are
// added to a copy.
func (o *Outcomes) clip() {
	o.Parts, o.Units = slices.Clip(o.Parts), slices.Clip(o.Units)
	for i := range o.Attributes {
		o.Attributes[i].Values = slices.Clip(o.Attributes[i].Values)
	}
	for i := range o.Series {
		o.Series[i].Values = slices.Clip(o.Series[i].Values)
	}
}

// Names of columns that are neither attributes nor series.
const splitColumn, checkpointColumn = "split", "checkpoint"

var (
	outcomeUnits     = []string{UnitUser, UnitImage, UnitOther}
	reservedOutcomes = append([]string{splitColumn, checkpointColumn}, outcomeUnits...)
)

// columns lists the names of the columns in their order.
func (o *Outcomes) columns() []string {
	names := []string{splitColumn, checkpointColumn, o.Unit}
	for _, a := range o.Attributes {
		names = append(names, a.Name)
	}
	for i := range o.Series {
		names = append(names, o.Series[i].Column())
	}
	return names
}

// check refuses outcomes that cannot be read again, or whose meaning is not clear.
func (o *Outcomes) check() error {
	if !slices.Contains(outcomeUnits, o.Unit) {
		return fmt.Errorf("column %q cannot hold the units; it must be one of %s", o.Unit, quoted(outcomeUnits))
	}
	if len(o.Series) == 0 {
		return errors.New("there is no column of numbers")
	}
	if err := o.checkColumns(); err != nil {
		return err
	}
	if err := o.checkUnits(); err != nil {
		return err
	}
	balanced := 0
	for i := range o.Series {
		if o.Series[i].Balance == "" {
			continue
		}
		balanced++
		if err := o.checkBalance(&o.Series[i]); err != nil {
			return err
		}
	}
	if names := o.columns(); len(names) > maxColumns || balanced > maxMetadata {
		return fmt.Errorf("%d columns, %d of them with classes; at most %d and %d are allowed", len(names), balanced, maxColumns, maxMetadata)
	}
	return nil
}

// checkColumns looks at the names and the lengths of the columns.
func (o *Outcomes) checkColumns() error {
	seen := map[string]bool{}
	for i, name := range o.columns() {
		switch {
		case name == "":
			return fmt.Errorf("column %d has no name", i)
		case i > 2 && slices.Contains(reservedOutcomes, name):
			return fmt.Errorf("column %q can be neither an attribute nor a column of numbers; give it another name", name)
		case seen[name]:
			return fmt.Errorf("two columns are called %q", name)
		}
		seen[name] = true
	}
	for _, a := range o.Attributes {
		if len(a.Values) != o.Len() {
			return fmt.Errorf("column %q has %d rows, column %q has %d", a.Name, len(a.Values), o.Unit, o.Len())
		}
	}
	for i := range o.Series {
		if s := &o.Series[i]; len(s.Values) != o.Len() {
			return fmt.Errorf("column %q has %d rows, column %q has %d", s.Column(), len(s.Values), o.Unit, o.Len())
		}
	}
	return nil
}

// checkUnits looks at the order of the rows.
func (o *Outcomes) checkUnits() error {
	seen := map[OutcomePart]bool{}
	row := 0
	for _, p := range o.Parts {
		at := OutcomePart{Split: p.Split, Checkpoint: p.Checkpoint}
		if p.Rows < 1 || seen[at] {
			return fmt.Errorf("row %d: the rows of a split and a checkpoint (%q, %q) must stand together", row, p.Split, p.Checkpoint)
		}
		seen[at] = true
		before := int32(-1)
		for end := row + p.Rows; row < end; row++ {
			if row >= o.Len() {
				return fmt.Errorf("%d rows, but splits and checkpoints have more", o.Len())
			}
			if u := o.Units[row]; u <= before {
				return fmt.Errorf("column %q, row %d: %d does not follow %d; numbers start at 0 and rise within a split and a checkpoint", o.Unit, row, u, before)
			}
			before = o.Units[row]
		}
	}
	if row != o.Len() {
		return fmt.Errorf("%d rows, but splits and checkpoints have %d", o.Len(), row)
	}
	return nil
}

// checkBalance looks at the classes of a balanced series.
func (o *Outcomes) checkBalance(s *OutcomeSeries) error {
	classes := o.series(s.Balance)
	if classes == nil {
		return fmt.Errorf("column %q: its classes are in the column %q, which is not among the columns of numbers", s.Column(), s.Balance)
	}
	for i, c := range classes.Values {
		if !math.IsNaN(s.Values[i]) && (c != math.Trunc(c) || c < 0 || c > math.MaxInt32) { // also true for NaN
			return fmt.Errorf("column %q, %s: %g is not a class of %q; classes are numbers from 0", s.Balance, o.place(i), c, s.Column())
		}
	}
	return nil
}

// place names a row for a message.
func (o *Outcomes) place(row int) string {
	if o.lines != nil {
		return fmt.Sprintf("line %d", o.lines[row])
	}
	return fmt.Sprintf("row %d", row)
}

func (o *Outcomes) places(a, b int) string {
	if o.lines != nil {
		return fmt.Sprintf("lines %d and %d", o.lines[a], o.lines[b])
	}
	return fmt.Sprintf("rows %d and %d", a, b)
}

// balanceKey is the key of OutcomeSeries.Balance in the metadata of a column.
const balanceKey = "balance"

// WriteOutcomes checks the outcomes and writes them: split, checkpoint, the unit, the attributes and
// the numbers.
func WriteOutcomes(w io.Writer, o *Outcomes) error {
	if err := o.check(); err != nil {
		return err
	}
	split, checkpoint := make([]string, 0, o.Len()), make([]string, 0, o.Len())
	for _, p := range o.Parts {
		for range p.Rows {
			split, checkpoint = append(split, p.Split), append(checkpoint, p.Checkpoint)
		}
	}
	texts := append([]OutcomeAttribute{{splitColumn, split}, {checkpointColumn, checkpoint}}, o.Attributes...)
	var columns []column
	for i, a := range texts {
		c, err := textColumn(a.Name, a.Values, i >= 2)
		if err != nil {
			return err
		}
		if columns = append(columns, c); i == 1 {
			columns = append(columns, int32Column(o.Unit, o.Units))
		}
	}
	for i := range o.Series {
		s := &o.Series[i]
		c := float64Column(s.Column(), s.Values)
		if s.Balance != "" {
			c.metadata = map[string]string{balanceKey: s.Balance}
		}
		columns = append(columns, c)
	}
	return encode(w, columns...)
}

// ReadOutcomes reads and checks the file at path.
func ReadOutcomes(path string) (o *Outcomes, err error) {
	err = readTable(path, func(t *table) (err error) {
		o, err = t.outcomes()
		return err
	})
	return o, err
}
