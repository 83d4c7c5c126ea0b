package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// killACell kills one of the cells that a foil runs, if there is one.
func killACell(rnd *rand.Rand, foil int) {
	var cells []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", foil))
	for _, file := range tasks {
		text, _ := os.ReadFile(file)
		for _, pid := range strings.Fields(string(text)) {
			if n, err := strconv.Atoi(pid); err == nil {
				cells = append(cells, n)
			}
		}
	}
	if len(cells) > 0 {
		syscall.Kill(cells[rnd.IntN(len(cells))], syscall.SIGKILL)
	}
}

// TestFullDiskDoesNoDamage runs on a file system of 20 MB, which does not hold
// the results, and then gives it more.
func TestFullDiskDoesNoDamage(t *testing.T) {
	r := newRig(t)
	// Two models of many MB each.
	r.write("stress.yaml", []byte(strings.NewReplacer("users: 150, items: 100", "users: 600, items: 3000", "latent: 8", "latent: 400",
		"epochs: 30", "epochs: 2", "epochs: 5,", "epochs: 1,").Replace(stressSpec)))
	disk := filepath.Join(r.dir, "disk")
	if err := os.Mkdir(disk, 0o777); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("umount", "-l", disk).Run() })
	cmd, said := r.foil(filepath.Join("disk", "cache"), "run", "stress.yaml", "--checkpoint-every", "1ns")
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), "foil gc makes room") {
		t.Fatalf("on a full disk: %v\n%s", err, said)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=500m", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, want := r.mustRun(filepath.Join("disk", "cache")), r.mustRun("undisturbed"); got != want {
		t.Errorf("after the disk was full the records are\n%s\nwant\n%s", got, want)
	}
}
