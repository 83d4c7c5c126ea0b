// Package report holds the kinds whose output is read by people. They show
// gathered metrics; package results computes and renders what they show.
package report
