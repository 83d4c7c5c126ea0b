package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// slurmScript starts a cluster of one node.
const slurmScript = "../../.ci/one-node-slurm.sh"

// hasSlurm reports whether a cluster can be started here: by root, with the packages slurm-wlm and
// munge.
func hasSlurm() bool {
	missing := slices.ContainsFunc([]string{"munged", "slurmctld", "slurmd", "sbatch", "bash"}, func(program string) bool {
		_, err := exec.LookPath(program)
		_, err2 := os.Stat("/usr/sbin/" + program)
		return err != nil && err2 != nil
	})
	return os.Getuid() == 0 && !missing
}

// slurmCommand is for scripts with a cluster:
//
//	slurm start         starts a cluster, which ends with the script
//	slurm killworker    kills a worker of this script with SIGKILL, when there is one
//	slurm killnode      kills the daemon of the node with SIGKILL, and starts it again
func slurmCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: slurm start|killworker|killnode")
	}
	dir := ts.MkAbs("cluster")
	conf := filepath.Join(dir, "slurm.conf")
	switch args[0] {
	case "start":
		script, err := filepath.Abs(slurmScript)
		ts.Check(err)
		ts.Defer(func() { exec.Command("bash", script, "stop", dir).Run() })
		out, err := exec.Command("bash", script, "start", dir).CombinedOutput()
		if err != nil {
			ts.Fatalf("starting a cluster: %v\n%s", err, out)
		}
		ts.Setenv("SLURM_CONF", conf)
	case "killworker":
		pid := 0
		poll(ts, func() bool { pid = workerProcess(ts.MkAbs(".")); return pid != 0 })
		ts.Check(syscall.Kill(pid, syscall.SIGKILL))
	case "killnode":
		run := filepath.Join(dir, "run")
		if text, err := os.ReadFile(filepath.Join(dir, "rundir")); err == nil {
			run = strings.TrimSpace(string(text))
		}
		text, err := os.ReadFile(filepath.Join(run, "slurmd.pid"))
		ts.Check(err)
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		ts.Check(err)
		ts.Check(syscall.Kill(pid, syscall.SIGKILL))
		poll(ts, func() bool { return syscall.Kill(pid, 0) != nil || isZombie(pid) })
		cmd := exec.Command("/usr/sbin/slurmd", "-f", conf)
		out, err := cmd.CombinedOutput()
		if err != nil {
			ts.Fatalf("slurmd: %v\n%s", err, out)
		}
	default:
		ts.Fatalf("slurm: there is no %s", args[0])
	}
}

// workerProcess is a worker that runs in a folder.
func workerProcess(dir string) int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		words := bytes.Split(text, []byte{0})
		cwd, _ := os.Readlink(filepath.Join(filepath.Dir(file), "cwd"))
		if len(words) > 1 && filepath.Base(string(words[0])) == "foil" && string(words[1]) == "work" && cwd == dir {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			return pid
		}
	}
	return 0
}

// isZombie reports whether a process has ended and nobody has waited for it.
func isZombie(pid int) bool {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := bytes.Cut(text, []byte(") "))
	return bytes.HasPrefix(rest, []byte("Z"))
}
