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

// signalCell is `signalcell SIGNAL NAME`: it waits for the process of a cell of
// this script and sends it KILL, STOP, or nothing (0); with `parent` behind it, to the
// foil that started it.
func signalCell(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "STOP": syscall.SIGSTOP, "TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "USR1": syscall.SIGUSR1, "0": 0}
	if neg || len(args) < 2 || len(args) > 3 || len(args) == 3 && args[2] != "parent" {
		ts.Fatalf("usage: signalcell SIGNAL NAME [parent]")
	}
	signal, ok := signals[args[0]]
	if !ok {
		ts.Fatalf("signalcell: unknown signal %s", args[0])
	}
	pid := 0
	poll(ts, func() bool { pid = cellProcess(ts.MkAbs("."), args[1]); return pid != 0 })
	if len(args) == 3 {
		pid = parentOf(pid)
	}
	if pid == 0 || pid == 1 {
		ts.Fatalf("signalcell: no process")
	}
	ts.Check(syscall.Kill(pid, signal))
}

// parentOf returns the parent of a process.
func parentOf(pid int) int {
	status, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	_, rest, _ := bytes.Cut(status, []byte("\nPPid:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	parent, _ := strconv.Atoi(string(bytes.TrimSpace(line)))
	return parent
}

// noCell is `nocell NAME`: it waits until no process runs a cell of this script.
func noCell(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: nocell NAME")
	}
	poll(ts, func() bool { return cellProcess(ts.MkAbs("."), args[0]) == 0 })
}

// poll waits until something is so.
func poll(ts *testscript.TestScript, is func() bool) {
	for range 3000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("waited in vain")
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
