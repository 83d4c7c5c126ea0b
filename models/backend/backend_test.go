package backend

import (
	"errors"
	"strings"
	"testing"
)

func TestDefaultBackendOpens(t *testing.T) {
	b, err := Open(Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !b.HasSharedBuffers() {
		t.Error("the Go backend copies its inputs")
	}
	if !IsGo(b) {
		t.Errorf("the Go backend is not known by its name %q", b.Name())
	}
}

// TestOneThreadIsOneWorker, and more are without a limit: see Open.
func TestOneThreadIsOneWorker(t *testing.T) {
	for threads, want := range map[int]int{1: 1, 3: unlimited} {
		b, err := Open(Default, threads)
		if err != nil {
			t.Fatal(err)
		}
		p, err := workersOf(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.MaxParallelism(); got != want {
			t.Errorf("with %d threads the pool runs %d, want %d", threads, got, want)
		}
	}
}

func TestGoBackendTakesNoOptions(t *testing.T) {
	if _, err := Open("go:parallelism=4", 1); err == nil || !strings.Contains(err.Error(), "has no options") {
		t.Errorf("error %v, want one that refuses options", err)
	}
}

func TestUnknownBackendIsNamed(t *testing.T) {
	_, err := Open("gpu", 1)
	if err == nil || !strings.Contains(err.Error(), `"gpu"`) || !strings.Contains(err.Error(), "go") {
		t.Errorf("error %v, want one that names gpu and what there is", err)
	}
}

func TestGuardTurnsPanicsIntoErrors(t *testing.T) {
	sentinel := errors.New("shapes differ")
	if err := Guard(func() error { panic(sentinel) }); !errors.Is(err, sentinel) {
		t.Errorf("error %v, want the panic's", err)
	}
	if err := Guard(func() error { panic("text") }); err == nil || !strings.Contains(err.Error(), "text") {
		t.Errorf("error %v, want the panic's text", err)
	}
	if err := Guard(func() error { return nil }); err != nil {
		t.Errorf("error %v, want none", err)
	}
}
