package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// killCell is `killcell NAME`: it waits for the process of a cell of this script
// and kills it.
func killCell(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: killcell NAME")
	}
	for range 3000 {
		if pid := cellProcess(ts.MkAbs("."), args[0]); pid != 0 {
			ts.Check(syscall.Kill(pid, syscall.SIGKILL))
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("no process runs %s", args[0])
}

// cellProcess finds the process that runs a cell for a foil that was started in a
// folder; 0 when there is none.
func cellProcess(dir, cell string) int {
	suffix := []byte("\x00cell\x00" + cell + "\x00")
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if line, err := os.ReadFile(file); err != nil || !bytes.HasSuffix(line, suffix) {
			continue
		}
		process := filepath.Dir(file)
		if cwd, err := os.Readlink(filepath.Join(process, "cwd")); err == nil && sameFile(cwd, dir) {
			pid, _ := strconv.Atoi(filepath.Base(process))
			return pid
		}
	}
	return 0
}

func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}
