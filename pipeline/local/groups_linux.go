package local

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// groupsBelow finds the process groups of all descendants of a process. It must be called before
// the process ends, because afterwards the parents of its children are not known.
func groupsBelow(pid int) []int {
	type process struct{ pid, group int }
	children := map[int][]process{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the process has ended
		}
		// 7 (a name that may contain any character) S 1 7 7 ...: state, parent, group
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) < 3 {
			continue
		}
		self, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		parent, _ := strconv.Atoi(string(fields[1]))
		group, _ := strconv.Atoi(string(fields[2]))
		children[parent] = append(children[parent], process{self, group})
	}
	found := map[int]bool{pid: true}
	var groups []int
	for todo := children[pid]; len(todo) > 0; todo = todo[1:] {
		if p := todo[0]; p.group > 1 && !found[p.group] {
			found[p.group] = true
			groups = append(groups, p.group)
		}
		todo = append(todo, children[todo[0].pid]...)
	}
	return groups
}
