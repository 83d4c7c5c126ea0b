package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestNobodyIsAloneWhileOthersUseTheCache(t *testing.T) {
	c := openTemp(t)
	other := open(t, c.Dir())
	if _, err := c.Alone(); !errors.Is(err, ErrInUse) {
		t.Fatalf("got %v", err)
	}
	// c still has its shared lock after the failed attempt.
	if _, err := other.Alone(); !errors.Is(err, ErrInUse) {
		t.Fatalf("got %v", err)
	}
	other.Close()
	release, err := c.Alone()
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan *Cache)
	go func() {
		late, err := Open(c.Dir())
		if err != nil {
			t.Error(err)
		}
		opened <- late
	}()
	publish(t, c, "work", "out", "content") // while the other one waits
	select {
	case <-opened:
		t.Error("opened while somebody is alone")
	default:
	}
	release()
	late := <-opened
	defer late.Close()
	if r, reason := lookup(t, late, "work"); r == nil {
		t.Error(reason)
	}
}

func TestKilledProcessDoesNotUseTheCache(t *testing.T) {
	c := openTemp(t)
	cmd := childCommand(t.Context(), childUses, c.Dir(), "")
	out, err1 := cmd.StdoutPipe()
	_, err2 := cmd.StdinPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Alone(); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if _, err := c.Alone(); err != nil {
		t.Error(err)
	}
}

// Renewed files do not show which processes read from a cache.
func TestNothingIsRemovedWhereUseIsNotKnown(t *testing.T) {
	y := yard{t, openWithFiles(t, DefaultHeartbeat, DefaultExpiry)}
	y.made("work", "content", 1)
	if _, err := y.Alone(); !errors.Is(err, ErrUseUnknown) {
		t.Fatalf("got %v", err)
	}
	abandoned, err := y.acquire(keyOf("abandoned"))
	if err != nil {
		t.Fatal(err)
	}
	die(abandoned)
	release, err := y.AssumeAlone()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	g, err := y.Garbage(Policy{Keep: keep("x")})
	if err != nil || len(g.Records) != 1 || len(g.Rest) != 1 {
		t.Fatalf("%+v, %v", g, err)
	}
	if err := y.Remove(g); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Join(y.Dir(), leasesDir)); len(left) > 0 {
		t.Errorf("the lease %s of a process that has ended is still there", left[0].Name())
	}
}
