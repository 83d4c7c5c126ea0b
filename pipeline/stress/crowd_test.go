//go:build unix

package stress

import (
	"bytes"
	"maps"
	"os/exec"
	"path/filepath"
	"testing"
)

// Eight runs at once on one cache make each cell once and end in the same digests.
func TestEightRunsAtOnceMakeEachCellOnce(t *testing.T) {
	want := newBench(t, filepath.Join(t.TempDir(), "cache"), tree).mustRun()
	b := newBench(t, filepath.Join(t.TempDir(), "cache"), tree)
	var runs [8]*exec.Cmd
	var said [8]*bytes.Buffer
	for i := range runs {
		runs[i], said[i] = b.command()
		if err := runs[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, cmd := range runs {
		if err := cmd.Wait(); err != nil {
			t.Errorf("run %d: %v: %s\n%s", i, err, said[i], b.logs())
		}
	}
	got := b.digests()
	if !maps.Equal(got, want) {
		t.Errorf("they end in other digests:\n%v, want\n%v", got, want)
	}
	for cell := range got {
		if begun, ended := b.count("begin", cell), b.count("end", cell); begun != 1 || ended != 1 {
			t.Errorf("%s began %d times and ended %d times, want 1 and 1", cell, begun, ended)
		}
	}
	b.checkNotes()
}
