package report

import (
	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/spec"
)

// A Cell is one cell of a gathered stage.
type Cell struct {
	Axes    []Axis // sorted by name
	Digest  digest.Digest
	Metrics []artifact.Metric
}

// An Axis is one coordinate of a cell or of a row.
type Axis struct {
	Name  string
	Value spec.Value
}

// A Report is a Layout filled with numbers: what the renderers show.
type Report struct {
	Title   string
	Notes   []string
	Over    []string
	Columns []Column // with K, Split and Checkpoint as found
	Axes    []string // that tell rows apart, in any table
	Tables  []Table
	Origins []OriginTable
}

// A Table is a list of rows with an entry in each of the report's columns.
type Table struct {
	Title     string
	Grid      []string // the axes whose combinations are the rows; nil: rows have names
	Rows      []Row
	Baselines []Row
	N         []int    // by column: how many values an entry has when nothing is missing
	Missing   []string // rows of the layout whose cells are not part of this run
	Beyond    bool     // some number is better than all baselines of its column, and so not marked
}

// A Row is a model (or a baseline) under some name.
type Row struct {
	Name    string
	Axes    []Axis // in the order of Report.Axes; none for baselines
	Entries []Entry
}

// An Entry is one number of a table. N is 0 where there is none.
type Entry struct {
	Stat
	Best    bool
	Origins []Origin
}

// An Origin is a value that went into an entry, and the cell it is from.
type Origin struct {
	Cell  Cell
	Value float64
}

// An OriginTable lists the cells of a gathered stage with their values, so that every
// number can be followed to an artifact.
type OriginTable struct {
	From    string
	Axes    []string
	Columns []Column
	Cells   []OriginCell
}

// An OriginCell is one row of an OriginTable.
type OriginCell struct {
	Axes   []Axis     // in the order of OriginTable.Axes
	Values []*float64 // by OriginTable.Columns; nil: not in the cell
	Digest digest.Digest
}
