//go:build unix

package stress

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"foil/internal/digest"
	"foil/internal/store/disk"
	"foil/internal/testenv"
	"foil/pipeline"
	"foil/pipeline/plan"
)

// diskSize is that of the file systems that are filled; of which the cells of a tree
// with larger files take a part.
const (
	diskSize = 20 << 20
	treeSize = 4 << 20
)

var largeTree = strings.NewReplacer("bytes: 5000, keep: 1000", "bytes: 400000, keep: 200000").Replace(tree)

// On a full disk, the run fails with a clear error, or continues without files that it can do
// without. Finished results are complete. With more space, the run ends with the same digests.
func TestFullDiskDoesNoDamage(t *testing.T) {
	rnd := testenv.Rand(t)
	want := newBench(t, filepath.Join(t.TempDir(), "cache"), largeTree).mustRun()
	failures := 0
	for round := range testenv.Times(t, 4) {
		dir := testenv.SmallDisk(t, diskSize)
		b := newBench(t, filepath.Join(dir, "cache"), largeTree)
		room := rnd.Int64N(treeSize)
		if round == 0 {
			room = treeSize / 4 // where some cells have room
		}
		ballast := filepath.Join(dir, "ballast")
		testenv.Fill(t, ballast, diskSize-room)
		cmd, said := b.command()
		if err := cmd.Run(); err != nil {
			failures++
			if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), syscall.ENOSPC.Error()) {
				t.Errorf("with room for %d bytes: %v: %s\n%s", room, err, said, b.logs())
			}
		}
		b.checkHits(want)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		if got := b.mustRun(); !maps.Equal(got, want) {
			t.Errorf("after room for %d bytes alone the digests are\n%v, want\n%v", room, got, want)
		}
		b.checkNotes()
	}
	if failures == 0 {
		t.Error("no disk was full")
	}
}

// A checkpoint that does not fit on the disk is reported, and the cell continues.
func TestFullDiskSparesCheckpoints(t *testing.T) {
	dir := testenv.SmallDisk(t, diskSize)
	b := newBench(t, filepath.Join(dir, "cache"), fmt.Sprintf(`name: large
stages:
  a: {uses: test/steps, with: {steps: 3, keep: %d}}
`, 2*diskSize))
	b.mustRun()
	if b.count("saved", "a") != 0 {
		t.Fatal("a checkpoint found room that is not there")
	}
	_, p := b.plan()
	c := p.Cells[0]
	if c.State != plan.Hit || c.Record.Log == nil {
		t.Fatalf("%v: %s", c.State, c.Reason)
	}
	digest := c.Record.Log.Digest.String()
	log, err := os.ReadFile(filepath.Join(b.cache, "objects", digest[:2], digest))
	if err != nil || !strings.Contains(string(log), "no checkpoint: ") {
		t.Errorf("log %q, %v", log, err)
	}
}

// checkHits reads all results of the cache.
func (b *bench) checkHits(want map[string]digest.Digest) {
	b.Helper()
	c, err := disk.Open(b.cache)
	if err != nil {
		return // a disk without room for a folder; what is there is read later
	}
	defer c.Close()
	p, err := planOf(c, b.spec)
	if err != nil {
		b.Fatal(err)
	}
	for _, cell := range p.Cells {
		if cell.State != plan.Hit {
			continue
		}
		a := pipeline.Artifact{}
		for _, f := range cell.Record.Outputs {
			if _, err := c.Fetch(b.Context(), f); err != nil {
				b.Errorf("%s: %v", cell.Node.ID, err)
			}
			a.Files = append(a.Files, f)
		}
		if a.Digest() != want[cell.Node.ID] {
			b.Errorf("%s is another artifact", cell.Node.ID)
		}
	}
}
