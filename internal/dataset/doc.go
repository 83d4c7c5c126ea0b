// Package dataset reads public data sets in the raw formats their makers hand
// them out in, and downloads the published files.
//
// An Original is a published file with its checksum. Raw is the content of a
// data set's files as bytes; Packed is the same before bzip2 is undone.
// MovieLens is what the files of MovieLens 1M say and LFM what those of
// LFM-2b-100k say, checked line by line: whatever the bytes, a parser returns a
// data set that holds or an error `FILE:LINE: what was found, what is needed`.
package dataset
