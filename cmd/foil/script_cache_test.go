package main

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"foil/internal/testenv"
)

// damage changes the last byte of the file whose path a command prints, and
// leaves its size as it is.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: damage COMMAND...")
	}
	ts.Check(ts.Exec(args[0], args[1:]...))
	path := strings.TrimSpace(ts.ReadFile("stdout"))
	text, err := os.ReadFile(path)
	ts.Check(err)
	text[len(text)-1] ^= 1
	ts.Check(os.Chmod(path, 0o666))
	ts.Check(os.WriteFile(path, text, 0o666))
}

// readonly makes a folder read-only until the end of the script.
func readonly(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: readonly DIR")
	}
	undo, err := testenv.ReadOnly(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(undo)
}

// canBeReadOnly is the condition [readonly]: folders can be made read-only on this machine.
func canBeReadOnly(t *testing.T) bool {
	undo, err := testenv.ReadOnly(t.TempDir())
	if err != nil {
		t.Log(err)
		return false
	}
	undo()
	return true
}

// truncated cuts a file in half.
func truncated(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: truncated FILE")
	}
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()/2))
}
