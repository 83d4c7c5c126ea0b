// Package dataset reads public data sets in their published formats, and downloads the published
// files.
//
// An Original is a published file with its checksum. Raw is the content of a data set's files as
// bytes; Packed is the same content, possibly compressed with bzip2. MovieLens, LFM and CIFARImages
// are the parsed contents of MovieLens 1M, LFM-2b-100k, and CIFAR-10 or CIFAR-100. LastFM is the
// content of Last.fm 360K, which is read line by line. The parsers check every line and every byte.
// For any input, a parser returns a valid data set or an error of
// the form `FILE:LINE: problem; requirement`.
package dataset
