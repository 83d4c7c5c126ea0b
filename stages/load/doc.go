// Package load holds the stages that begin an experiment: they bring
// interactions or images in, from a data set or made up.
package load
