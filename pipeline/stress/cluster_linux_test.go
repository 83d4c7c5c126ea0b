package stress

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"foil/internal/testenv"
)

// workersOfACluster is how many nodes there are, each with one worker.
const workersOfACluster = 3

// fewKills stands for two rounds of a cluster: FOIL_STRESS=200 makes a hundred.
const fewKills = 4

// fileLeases is the record of a cache on a file system without working locks. Leases expire soon, but
// well after a killed worker's cells have ended.
const fileLeases = `{"format": 1, "leases": "files", "why": "a test", "heartbeat_seconds": 0.2, "expiry_seconds": 6}`

// hostName is the host name of a process in a namespace of its own.
const hostName = "FOIL_TEST_HOST"

// ownNode are the namespaces of a node. PIDs are shared, as /proc is.
const ownNode = syscall.CLONE_NEWUTS | syscall.CLONE_NEWNET

func init() {
	if name := os.Getenv(hostName); name != "" {
		if err := syscall.Sethostname([]byte(name)); err != nil {
			panic(err)
		}
	}
}

// Three workers share a cache on nodes of their own: with host names and network namespaces of their
// own, where the system permits that. They are killed at random moments, and others take their
// place. Every cell is published once, and the bytes are those of one undisturbed run.
func TestKilledWorkersOfACluster(t *testing.T) {
	rnd := testenv.Rand(t)
	start := time.Now()
	want := newBench(t, filepath.Join(t.TempDir(), "cache"), tree).mustRun()
	usual := time.Since(start)
	apart := canUnshare()
	t.Logf("namespaces: %v", apart)
	for round := range (testenv.Times(t, fewKills) + 1) / 2 {
		cache := filepath.Join(t.TempDir(), "cache")
		if round%2 == 1 { // no flock, as on file systems of clusters
			if err := errors.Join(os.Mkdir(cache, 0o777), os.WriteFile(filepath.Join(cache, "leases.json"), []byte(fileLeases), 0o666)); err != nil {
				t.Fatal(err)
			}
		}
		b := newBench(t, cache, tree)
		b.cluster(rnd, usual, apart)
		if got := b.digests(); !maps.Equal(got, want) {
			t.Errorf("round %d ends in other digests:\n%v, want\n%v", round, got, want)
		}
		b.checkNotes()
		for cell := range want {
			if n := b.count("end", cell); n < 1 {
				t.Errorf("round %d: %s never came to its end", round, cell)
			}
		}
		published := map[string]int{}
		for _, cell := range b.made(t) {
			published[cell]++
		}
		for cell, n := range published {
			if n > 1 {
				t.Errorf("round %d: %s was published %d times", round, cell, n)
			}
		}
		if t.Failed() {
			t.Fatalf("round %d failed, with the notes %v", round, b.taken())
		}
	}
}

// cluster runs workers until one of them says that nothing is left. Some are killed on the way.
func (b *bench) cluster(rnd *rand.Rand, usual time.Duration, apart bool) {
	b.Helper()
	type end struct {
		node int
		err  error
		said *bytes.Buffer
	}
	ends := make(chan end)
	running := map[int]*exec.Cmd{}
	started := 0
	begin := func() {
		node := started
		started++
		cmd, said := b.command()
		cmd.Env = append(cmd.Env, workerName+"="+fmt.Sprint("node", node))
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
		if apart {
			cmd.Env = append(cmd.Env, hostName+"="+fmt.Sprint("node", node))
			cmd.SysProcAttr.Cloneflags = ownNode
		}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		running[node] = cmd
		go func() { ends <- end{node, cmd.Wait(), said} }()
	}
	for range workersOfACluster {
		begin()
	}
	kills := workersOfACluster
	timer := time.NewTimer(0)
	defer timer.Stop()
	for len(running) > 0 {
		select {
		case e := <-ends:
			killed := running[e.node].ProcessState.ExitCode() == -1
			delete(running, e.node)
			switch {
			case killed:
				begin()
			case e.err != nil:
				b.Errorf("node %d: %v: %s\n%s", e.node, e.err, e.said, b.logs())
			}
		case <-timer.C:
			if kills > 0 {
				for _, cmd := range running { // any of them
					cmd.Process.Kill()
					break
				}
				kills--
			}
			timer.Reset(time.Duration(rnd.Int64N(int64(usual))))
		}
	}
}

// made lists the cells that workers say they have published.
func (b *bench) made(t *testing.T) (list []string) {
	for _, n := range b.taken() {
		if n.what == "published" {
			list = append(list, n.cell)
		}
	}
	return list
}

// canUnshare reports whether this process may make namespaces.
func canUnshare() bool {
	cmd := exec.Command("true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: ownNode}
	return cmd.Run() == nil
}
