package local

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// A process is a line of /proc/PID/stat.
type process struct {
	pid, parent, group, session int
	ended                       bool // but nobody has waited for it
}

// readProcess returns the state of a process. ok is false if there is no such process.
func readProcess(pid int) (p process, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	// 7 (a name that may contain any character) S 1 7 7 ...: state, parent, group, session
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 4 {
		return process{}, false
	}
	p = process{pid: pid, ended: fields[0][0] == 'Z' || fields[0][0] == 'X'}
	for i, field := range []*int{&p.parent, &p.group, &p.session} {
		*field, _ = strconv.Atoi(string(fields[i+1]))
	}
	return p, true
}

// childrenOf returns the child processes of a process, including those that have ended without
// being waited for.
func childrenOf(pid int) []int {
	var children []int
	found := false
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, t := range threads {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, t.Name()))
		if err != nil {
			continue
		}
		found = true
		for _, word := range bytes.Fields(text) {
			if child, err := strconv.Atoi(string(word)); err == nil {
				children = append(children, child)
			}
		}
	}
	if found || len(threads) == 0 {
		return children
	}
	// A kernel without these files (CONFIG_PROC_CHILDREN).
	files, _ := filepath.Glob("/proc/[0-9]*")
	for _, file := range files {
		other, _ := strconv.Atoi(filepath.Base(file))
		if p, ok := readProcess(other); ok && p.parent == pid {
			children = append(children, other)
		}
	}
	return children
}

// below returns processes and their descendants, parents first. It calls each before it looks for
// the children of any of them.
func below(roots []int, each func(pid int)) []int {
	var all []int
	for level := roots; len(level) > 0; {
		for _, pid := range level {
			each(pid)
		}
		all = append(all, level...)
		var next []int
		for _, pid := range level {
			next = append(next, childrenOf(pid)...)
		}
		level = next
	}
	return all
}

// killAll kills processes and their descendants until roots returns that none is left, or the time
// is over. It reports whether none is left. roots lists processes, and waits for children that have
// ended. Processes are stopped from the top before they are killed, so that they cannot start others
// in the meantime, and so that a number stays that of the same process.
func killAll(roots func() (list []int, left bool), limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	seen := map[int]bool{}
	for pause := shortest; ; {
		list, left := roots()
		switch {
		case !left:
			return true
		case time.Now().After(deadline):
			return false
		}
		fresh := false
		all := below(list, func(pid int) {
			unix.Kill(pid, unix.SIGSTOP)
			fresh = fresh || !seen[pid]
			seen[pid] = true
		})
		for _, pid := range all {
			unix.Kill(pid, unix.SIGKILL)
		}
		if !fresh { // a process that starts others faster than this leaves no time to wait
			time.Sleep(pause)
			pause = min(2*pause, longest)
		}
	}
}

// shortest and longest are the times between two looks at processes that are ending.
const (
	shortest = 100 * time.Microsecond
	longest  = 10 * time.Millisecond
)

// describe names a process for people: "sleep (PID 7, "sleep 600")".
func describe(pid int) string {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	text := fmt.Sprintf("%s (PID %d", printable(string(name)), pid)
	if command := printable(strings.ReplaceAll(string(line), "\x00", " ")); command != "" {
		text += fmt.Sprintf(", %q", shorten(command))
	}
	return text + ")"
}

// printable replaces everything that could change how a terminal shows a line.
func printable(s string) string {
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.Join(strings.Fields(clean), " ")
}

func shorten(s string) string {
	const enough = 60
	if runes := []rune(s); len(runes) > enough {
		return string(runes[:enough-1]) + "…"
	}
	return s
}
