// Package grid is a finished report: every number rounded, every heading and caption written, in
// the order in which they are shown.
//
// Nouns: a Report has Tables and Figures, the Terms that define their columns or lines, and Notes.
// A Table has Rows of Numbers; a Number is text with a Mark, and knows the Origins that it was
// computed from. A Figure is a drawing with its numbers in two tables. Sources list the cells of
// all numbers with the digests of their artifacts. Data are the same numbers, unrounded.
//
// The promise: nothing is left to compute. A renderer chooses the markup of a form and no word or
// digit of the report, so all forms, and a page that shows the report while it grows, agree.
package grid

import (
	"foil/internal/digest"
	"foil/internal/report/chart"
)

// A Report is the complete content of a report.
type Report struct {
	Title   string
	Tables  []Table
	Figures []Figure
	Terms   Terms
	Notes   []string
	Sources []Source
	Data    Data

	Selections   []Selection
	Choices      Data // all candidates of rules
	Expected     *Expected
	Expectations Data // all expected values
}

// Printed are the tables of forms that cannot draw and cannot fold: a figure is its summary there,
// and of what a rule looked at there is what it chose.
func (r *Report) Printed() []Table {
	var tables []Table
	for i, t := range r.Tables {
		tables = append(tables, t)
		for _, s := range r.Selections {
			if s.Table == i {
				tables = append(tables, s.Chosen)
			}
		}
	}
	for _, f := range r.Figures {
		tables = append(tables, f.Summary)
	}
	return tables
}

// A Table is a list of rows under a head, with a rule between the models and the baselines.
type Table struct {
	Title     string
	Labels    []string // heads of the columns that name rows: axes, or one empty head
	ByAxes    bool     // rows are named by the values of axes
	Columns   []Column
	Rows      []Row
	Baselines []Row // with one label, which spans all of Labels
	Caption   []Note
	Squares   []Square

	Differences *Differences // from one of the rows; nil: they are not compared
	Gaps        *Differences // between groups; nil: no column shows such
}

// Below are the lists of numbers below the table.
func (t Table) Below() []*Differences {
	var all []*Differences
	for _, d := range []*Differences{t.Gaps, t.Differences} {
		if d != nil {
			all = append(all, d)
		}
	}
	return all
}

// A Selection is how a rule chose the cells of a row.
type Selection struct {
	Table      int   // index in Report.Tables of the one that has the row
	Chosen     Table // a row for each choice; the caption has the rule
	Candidates Table // a row for each candidate of each choice
}

// A Column is the head of the numbers in one place of all rows.
type Column struct {
	Title string
	Arrow string // towards better: ↑, ↓ or nothing
}

// Heading is the title with its arrow.
func (c Column) Heading() string {
	if c.Arrow == "" {
		return c.Title
	}
	return c.Title + " " + c.Arrow
}

// A Row is the numbers of a model or of a baseline.
type Row struct {
	Labels  []string
	Numbers []Number // by Table.Columns
	Rule    bool     // the first of several axes has another value than in the row above
}

// A Number is the content of one place of a table.
type Number struct {
	State   State
	Mean    string // of the finite values; empty if there are none
	Spread  string // what stands after ±; empty for a single value
	N       string // empty where no value is missing
	Odd     []Odd  // infinite and undefined values, which enter no mean
	Mark    Mark
	Detail  string // the statistics with more digits
	Origins []Origin
}

// Odd is an infinite or undefined value.
type Odd struct {
	Value string // Infinite, NegativeInfinite or Undefined
	N     string // how many values of the number are of this kind; empty if all are
}

// The values of Odd, in the notation of programs.
const (
	Infinite         = "+Inf"
	NegativeInfinite = "-Inf"
	Undefined        = "NaN"
)

// A State describes a place of a table without a number.
type State uint8

const (
	Blank   State = iota // the row has no number in this column: a baseline of another one
	Missing              // the row has a number in this column, but no cell holds a value
	Present              // there is a number
)

// A Mark sets a number apart. A renderer decides how; the table's caption explains it. Marks are a
// set: a number can have several.
type Mark uint8

const (
	Best    Mark = 1 << iota // one of the best of its column
	Differs                  // it differs from the row that the table compares with
)

// Has reports whether a mark is in the set.
func (m Mark) Has(one Mark) bool { return m&one != 0 }

// A Note is a sentence of a caption.
type Note struct {
	Text     string
	Explains Mark // 0, or the mark that the text is about: the renderer puts the mark before the text
}

// Differences are those of the rows of a table from one of them, or the gaps between groups that rows
// have: a group of lines for each column.
type Differences struct {
	Title  string
	Labels []string // as in the table
	Heads  []string
	Short  []bool // by Heads: also in forms without much space
	Groups []DifferenceGroup
	Many   string // set if there are so many that forms for reading show only this sentence
}

// A DifferenceGroup is the differences in one column.
type DifferenceGroup struct {
	Title string
	Lines []Difference
}

// A Difference is one row's difference from the reference, or its gap.
type Difference struct {
	Labels []string
	Cells  []string // by Heads
	Mark   Mark
}

// An Origin is a value that went into a number, and the artifact that holds it.
type Origin struct {
	Axes   string // of the cell, as far as they tell the origins of one number apart
	Value  string
	Digest digest.Digest
}

// A Square shows one column of a table over two axes.
type Square struct {
	Title        string
	Down, Across string // names of the axes
	Heads        []string
	Rows         []SquareRow
	Caption      string
}

// A SquareRow is the numbers at one value of the axis that goes down.
type SquareRow struct {
	Label string
	Cells []Shaded
}

// Shaded is a number with its place between the worst and the best of its column.
type Shaded struct {
	Number
	Shade int // 1 (worst) to Shades (best); 0 where all are equal
}

// Shades is the number of shades.
const Shades = 10

// A Figure is a drawing and its numbers.
type Figure struct {
	Title   string
	File    string // name of its files, without the extension
	Chart   *chart.Chart
	Caption []Note
	Summary Table // the lines at some places, with the caption
	Numbers Table // the lines at all places
}

// Expected are the expected values of a report beside its numbers.
type Expected struct {
	Title   string
	Summary string
	Heads   []Head
	Lines   []ExpectedLine
	Notes   []string // the sources, and how values were compared
}

// A Head is the head of a column of texts.
type Head struct {
	Title  string
	Number bool // its texts are numbers
}

// An ExpectedLine is one expected value. It may be neither met nor missed: not judged.
type ExpectedLine struct {
	Cells       []string // by Expected.Heads
	Met, Missed bool
}

// Terms define what a report shows.
type Terms struct {
	Title string // the type of the terms: columns or lines
	List  []Term
}

// A Term is a column or a line, and which metric it is.
type Term struct{ Title, Text string }

// A Source lists cells that numbers come from.
type Source struct {
	Title  string
	Axes   []string
	Values []string // heads of the values
	Cells  []SourceCell
}

// A SourceCell is a cell with its values.
type SourceCell struct {
	Axes   []string // by Source.Axes
	Values []string // by Source.Values
	Digest digest.Digest
}

// Data are the numbers of a report for other programs: one line for each, with all digits.
type Data struct {
	Head  []string
	Lines [][]string
}
