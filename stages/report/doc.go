// Package report holds the kinds whose output is read by people. They show
// gathered metrics; package report computes and renders what they show.
package report
