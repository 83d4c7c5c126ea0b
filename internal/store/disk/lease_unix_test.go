//go:build unix

package disk

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"foil/internal/store"
)

// endedProcess returns the PID of one that has ended.
func endedProcess(t *testing.T) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func TestLockThatOutlivesItsOwnerIsToldFromWorkThatGoesOn(t *testing.T) {
	c := openTemp(t)
	key := keyOf("work")
	host, _ := os.Hostname()
	ended := endedProcess(t)
	for name, test := range map[string]struct {
		owner  store.Owner
		orphan bool
	}{
		"ended":                    {store.Owner{Host: host, PID: ended, Space: pidSpace()}, true},
		"alive":                    {store.Owner{Host: host, PID: os.Getpid(), Space: pidSpace()}, false},
		"on another host":          {store.Owner{Host: host + "2", PID: ended, Space: pidSpace()}, false},
		"in another PID namespace": {store.Owner{Host: host, PID: ended, Space: "pid:[1]"}, false},
	} {
		lock, err := c.acquire(key)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(test.owner)
		if err := os.WriteFile(c.lockPath(key), text, 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := c.WorkState(key)
		if err != nil || s == nil || !s.Running || (s.Orphan != nil) != test.orphan {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if test.orphan && !strings.HasSuffix(s.Orphan.String(), " has ended, but something it started still holds "+c.lockPath(key)) {
			t.Errorf("%s: %v", name, s.Orphan)
		}
		lock.Inherit().Close() // killed: the file stays
		if s, err := c.WorkState(key); err != nil || s != nil {
			t.Errorf("%s, unlocked: %+v, %v", name, s, err)
		}
	}
}

// A zombie counts as ended.
func TestProcessThatNobodyWaitsForHasEnded(t *testing.T) {
	if hasEnded(os.Getpid()) {
		t.Error("this process has ended")
	}
	if pidSpace() == "" {
		t.Skip("only Linux tells")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	for range 6000 {
		if hasEnded(cmd.Process.Pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("it is taken for one that lives")
}
