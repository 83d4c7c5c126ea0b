// Package report turns the metrics of many cells into tables and figures.
//
// A report is made in three steps. A Layout (or FiguresLayout) is what a spec asks for. BuildTables
// (or BuildFigures) fills it with statistics of the gathered cells: these are the model, Tables or
// Figures. Its method Grid finishes the model: package grid holds the result, in which every number
// is rounded and every caption written, and package render writes that in each form.
//
// Nouns: a Cell is one point of the axes with its metrics; a Column selects one metric of every
// cell of a gathered stage; a Row selects cells by their axes; an Entry is where they meet: mean,
// standard deviation and number of values over the axes that are averaged over, with the Origins
// that it was computed from. A baseline is a row that needs no model, such as always answering the
// most frequent class. A Figure shows Lines or Series. A Line has a Point with an Entry at every k of
// a metric, or along an axis. A Series has Spots: points with an Entry on x and one on y, or the value
// of an axis. A Front is a line through the spots that no other spot beats.
//
// A Selection is how a rule chose the cells of a row, with all Candidates. An Expected is a number
// of a report beside the value that the layout expects.
//
// The promise: an Entry never mixes what the layout did not allow to be mixed. Two metrics behind
// one column or line, or cells that differ in an axis that the layout does not name, are errors and
// not means.
package report
