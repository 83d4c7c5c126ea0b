// Package load holds the stages that begin an experiment: they bring
// interactions in, from a data set or made up.
package load
