// Package tabular reads people's own tables: CSV and similar text, Parquet and Arrow.
//
// A Table is an opened file: the names of its columns are known, and what was found out about its
// form. A Column holds the values of one column, with the place of each in the file. The promise:
// whatever the file holds, reading it ends with all values or with an error that names the file, the
// place and the remedy. It never panics, and never skips anything without telling.
package tabular
