// Package filelock takes the operating system's locks on open files, without waiting. A lock ends
// when the file is closed, or with the process.
package filelock
