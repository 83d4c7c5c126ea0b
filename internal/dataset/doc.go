// Package dataset reads public data sets in the raw formats their makers hand
// them out in, and downloads the published files.
//
// An Original is a published file with its checksum. Raw is the content of a
// data set's files as bytes; Packed is the same before bzip2 is undone.
// MovieLens is what the files of MovieLens 1M say, LFM what those of
// LFM-2b-100k say and CIFARImages what those of CIFAR-10 or CIFAR-100 say, checked
// line by line and byte by byte: whatever the bytes, a parser returns a data set
// that holds or an error `FILE:LINE: what was found, what is needed`.
package dataset
