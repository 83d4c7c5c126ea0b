package disk

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"foil/internal/store"
)

// nodeName is the variable with the host name of a node.
const nodeName = "FOIL_TEST_NODE"

// A node is a process with a host name of its own, and a PID and a network namespace where the
// system permits that.
type node struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

// startNode starts a node that takes the lease of "work".
func startNode(t *testing.T, dir, name string) *node {
	t.Helper()
	n := &node{cmd: exec.Command(os.Args[0])}
	n.cmd.Env = append(os.Environ(), childRole+"="+childNode, childDir+"="+dir, nodeName+"="+name)
	n.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUTS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); errors.Is(err, syscall.EPERM) {
		t.Skipf("namespaces are not permitted here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.kill)
	n.out = bufio.NewReader(out)
	return n
}

func (n *node) kill() {
	n.cmd.Process.Kill()
	n.cmd.Wait()
}

// line is the next line that the node prints.
func (n *node) line(t *testing.T) string {
	t.Helper()
	text, err := n.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(text)
}

// nodeMain is the main function of a node. It takes a lease, and holds it until it is killed.
func nodeMain(dir string) error {
	if err := syscall.Sethostname([]byte(os.Getenv(nodeName))); err != nil {
		return err
	}
	c, err := Open(dir)
	if err != nil {
		return err
	}
	for {
		l, err := c.acquire(keyOf("work"))
		if errors.Is(err, store.ErrHeld) {
			fmt.Println("held")
			time.Sleep(20 * time.Millisecond)
			continue
		} else if err != nil {
			return err
		}
		if _, err := l.Begin(); err != nil {
			return err
		}
		host, _ := os.Hostname()
		fmt.Println("took on", host)
		io.Copy(io.Discard, os.Stdin)
		select {}
	}
}

// Two nodes share a cache on a file system without working locks. One that dies leaves its lease, and
// the other takes it over after the expiry time on its own clock.
func TestNodeThatDiesHoldingALease(t *testing.T) {
	c := openWithFiles(t, 50*time.Millisecond, 3*time.Second)
	// The host names are equal, as on machines that were cloned. PIDs in different namespaces say
	// nothing about each other.
	for name, hosts := range map[string][2]string{"two names": {"node1", "node2"}, "one name": {"node", "node"}} {
		t.Run(name, func(t *testing.T) {
			first := startNode(t, c.Dir(), hosts[0])
			if got := first.line(t); got != "took on "+hosts[0] {
				t.Fatal(got)
			}
			h, err := c.Holder(t.Context(), keyOf("work"))
			if err != nil || h == nil || h.Owner == nil || h.Owner.Host != hosts[0] || h.Orphan != nil {
				t.Errorf("%+v, %v", h, err)
			}
			second := startNode(t, c.Dir(), hosts[1])
			if got := second.line(t); got != "held" {
				t.Fatal(got)
			}
			first.kill()
			for got := "held"; got == "held"; {
				if got = second.line(t); got != "held" && got != "took on "+hosts[1] {
					t.Fatal(got)
				}
			}
			if s, err := c.WorkState(keyOf("work")); err != nil || !s.Running || s.Owner.Host != hosts[1] || s.Orphan != nil {
				t.Errorf("%+v, %v", s, err)
			}
			second.kill()
			l, err := store.Wait(t.Context(), c, keyOf("work"))
			if err != nil {
				t.Fatal(err)
			}
			l.Release()
		})
	}
}

// The time of day of an owner may be minutes or years away from ours. Nothing depends on it.
func TestOwnerWithAnotherTimeOfDay(t *testing.T) {
	c := openWithFiles(t, time.Hour, 2*time.Hour)
	for name, shift := range map[string]time.Duration{"a minute early": -time.Minute, "a minute late": time.Minute, "years": -10 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			l := take(t, c, "work")
			h := l.hold.(*fileHold)
			h.owner.Since = h.owner.Since.Add(shift)
			if err := l.hold.check(); err != nil {
				t.Fatal(err)
			}
			when := time.Now().Add(shift)
			if err := os.Chtimes(h.path, when, when); err != nil {
				t.Fatal(err)
			}
			other := open(t, c.Dir())
			if _, err := other.acquire(keyOf("work")); !errors.Is(err, store.ErrHeld) {
				t.Errorf("got %v", err)
			}
			l.Release()
		})
	}
}

// Two machines may have the same name, and PID namespaces the same number.
func TestProcessOfAnotherBootMayBeAlive(t *testing.T) {
	host, _ := os.Hostname()
	ended := endedProcess(t)
	boot, ns, ok := strings.Cut(pidSpace(), " ")
	if !ok || len(boot) < 30 || ns == "" {
		t.Fatalf("%q", pidSpace())
	}
	for space, want := range map[string]bool{pidSpace(): true, ns: false, "00000000-0000-0000-0000-000000000000 " + ns: false} {
		o := &store.Owner{Host: host, PID: ended, Space: space}
		if text, err := json.Marshal(o); err != nil || isGone(o) != want {
			t.Errorf("%s: gone is %v", text, !want)
		}
	}
}
