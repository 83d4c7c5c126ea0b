package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"foil/internal/clean"
)

// cleaned is where foil prints: names and errors from elsewhere cannot control the terminal.
func cleaned(f *os.File) io.Writer { return clean.Parts{To: f, Clean: clean.Message} }

// messages is cleaned for messages to people: on a terminal, long lines are broken between words.
func messages(f *os.File) io.Writer {
	return clean.Parts{To: f, Clean: func(text string) string { return wrapped(f, clean.Message(text)) }}
}

// uncleaned is the writer behind cleaned.
func uncleaned(out io.Writer) io.Writer {
	if p, ok := out.(clean.Parts); ok {
		return p.To
	}
	return out
}

// terminal returns the terminal that a command prints to, if it is one that can move its cursor.
func terminal(out io.Writer) (f *os.File, ok bool) {
	f, ok = uncleaned(out).(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// The size of a terminal that does not tell it.
const (
	usualWidth  = 100
	usualHeight = 24
)

// sizeOf returns the size of a terminal. Some tell one of their dimensions only, or none.
func sizeOf(f *os.File) (width, height int) {
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return usualWidth, usualHeight
	}
	if width <= 0 {
		width = usualWidth
	}
	if height <= 0 {
		height = usualHeight
	}
	return width, height
}
