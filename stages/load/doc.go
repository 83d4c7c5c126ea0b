// Package load holds the kinds that begin an experiment: they load or generate interactions, images
// or a trained classifier.
package load
