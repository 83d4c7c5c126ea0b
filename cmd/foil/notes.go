package main

import (
	"fmt"
	"io"
	"sync"
)

// early shows notes as lines until there is a display.
type early struct {
	mu   sync.Mutex
	out  io.Writer
	show display
}

func (e *early) note(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.show == nil {
		fmt.Fprintln(e.out, "note   "+text)
		return
	}
	e.show.note("note   " + text)
}

func (e *early) to(show display) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.show = show
}

// cacheNotes are lines about odd entries of a cache. They are printed at the end of a command,
// because bars may be on the terminal before.
type cacheNotes struct {
	mu    sync.Mutex
	lines []string
}

func (n *cacheNotes) add(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, text)
}

func (n *cacheNotes) write(out io.Writer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, text := range n.lines {
		fmt.Fprintf(out, "foil: note: %s\n", text)
	}
}
