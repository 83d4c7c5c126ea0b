package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"foil/internal/digest"
	"foil/internal/store/disk"
)

func TestRerunMakesOneCellAgainAndCompares(t *testing.T) {
	b := newBench(t)
	b.mustRun(paperSpec)
	plan := b.plan(paperSpec)
	for _, c := range plan.Cells {
		scratch, err := disk.Open(filepath.Join(t.TempDir(), "scratch"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := plan.Rerun(t.Context(), c.Node, scratch)
		scratch.Close()
		if err != nil {
			t.Fatal(err)
		}
		if ran := b.took(); !slices.Equal(ran, []string{c.Node.ID}) {
			t.Errorf("%s: ran %s", c.Node.ID, ran)
		}
		if len(got.Differ) > 0 || got.New == nil || got.New.Key != got.Old.Key {
			t.Errorf("%s: %+v", c.Node.ID, got)
		}
	}
	b.wantRan(paperSpec) // the cache is as it was
}

func TestRerunFindsAKindThatIsNotWhatItWas(t *testing.T) {
	b := newBench(t)
	b.mustRun(chain)
	var calls atomic.Int32
	b.during = func(_ context.Context, c *Cell) error {
		f, err := c.Create("clock")
		if err != nil {
			return err
		}
		fmt.Fprint(f, calls.Add(1))
		return f.Close()
	}
	plan := b.plan(chain)
	n, err := plan.Graph.Cell("b")
	if err != nil {
		t.Fatal(err)
	}
	scratch, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer scratch.Close()
	got, err := plan.Rerun(t.Context(), n, scratch)
	if err != nil || !slices.Equal(got.Differ, []string{"clock"}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRerunNeedsWhatIsThere(t *testing.T) {
	b := newBench(t)
	_, r := b.mustRun(chain)
	scratch, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer scratch.Close()
	plan := b.plan(chain)
	n, _ := plan.Graph.Cell("b")
	flip(t, b.object(r, "a"))
	if _, err := plan.Rerun(t.Context(), n, scratch); err == nil || !strings.Contains(err.Error(), "a, which b needs: text (object") {
		t.Errorf("got %v", err)
	}
	os.RemoveAll(b.dir)
	plan = b.plan(chain)
	if _, err := plan.Rerun(t.Context(), plan.Cells[0].Node, scratch); err == nil || !strings.Contains(err.Error(), "is not in the cache (never made)") {
		t.Errorf("got %v", err)
	}
}

func TestDifferentFilesAreNamed(t *testing.T) {
	one, two := digest.Of([]byte("1")), digest.Of([]byte("2"))
	old := []digest.File{{Name: "a", Digest: one}, {Name: "b", Digest: one}, {Name: "c", Digest: one}}
	new := []digest.File{{Name: "a", Digest: one}, {Name: "b", Digest: two}, {Name: "d", Digest: one}}
	if got := differentFiles(old, new); !slices.Equal(got, []string{"b", "d", "c"}) {
		t.Errorf("%s", got)
	}
}
