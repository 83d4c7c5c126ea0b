// Package report turns the metrics of many cells into tables and figures, and these
// into the forms people read: a terminal's text, Markdown, LaTeX, CSV, SVG, PDF and a page.
//
// Nouns: a Layout says what a report shows, as written in a spec; a Cell is one
// point of the axes with its metrics; a Column selects one metric of every cell
// of a gathered stage; a Row selects cells by their axes; an Entry is where they
// meet: mean, standard deviation and number of values over the axes that are
// averaged over, with the Origins it was computed from. A baseline is a row that
// needs no model, such as always answering the most frequent class. A Figure shows
// Lines, each one metric at every k that it has, with an entry for each k.
//
// The one promise: an entry never mixes what the layout did not say may be mixed.
// Two metrics behind one column or line, or cells that differ in an axis which nobody
// named, are errors and not means.
package report
