package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
)

// object is where a cell's output lies.
func (b *bench) object(r *Result, id string) string {
	d := r.Of(id).Artifact.Files[0].Digest.String()
	path := filepath.Join(b.dir, "objects", d[:2], d)
	os.Chmod(path, 0o666)
	return path
}

// record is where a cell's record lies.
func (b *bench) record(r *Result, id string) string {
	key := r.Of(id).Key.String()
	return filepath.Join(b.dir, "actions", key[:2], key+".json")
}

func flip(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

const chain = `name: x
stages:
  a: {uses: test/text, with: {text: a}}
  b: {uses: test/text, needs: {a: a}}
  c: {uses: test/text, needs: {a: b}, with: {n: 0}}
  d: {uses: test/text, needs: {a: b}, with: {n: 1}}
`

func TestTruncatedOutputIsMadeAgain(t *testing.T) {
	b := newBench(t)
	_, r := b.mustRun(chain)
	path := b.object(r, "b")
	if err := os.Truncate(path, 3); err != nil {
		t.Fatal(err)
	}
	p := b.plan(chain)
	if c := p.Cells[1]; c.State != Miss || !strings.Contains(c.Reason, "its output text has 3 bytes instead of ") {
		t.Errorf("planned %v: %s", c.State, c.Reason)
	}
	again := b.wantRan(chain, "b")
	for id, d := range digests(r) {
		if digests(again)[id] != d {
			t.Errorf("%s has another digest now", id)
		}
	}
}

func TestDamagedRecordIsMadeAgain(t *testing.T) {
	b := newBench(t)
	_, r := b.mustRun(chain)
	key := r.Of("b").Key.String()
	flip(t, filepath.Join(b.dir, "actions", key[:2], key+".json"))
	if c := b.plan(chain).Cells[1]; c.Reason != "its record does not end in its own checksum" {
		t.Errorf("reason %q", c.Reason)
	}
	b.wantRan(chain, "b")
	b.wantRan(chain)
}

// A flipped byte is found when somebody reads: what made it runs again within
// the same run, and then what wanted to read.
func TestFlippedInputIsMadeAgainInTheSameRun(t *testing.T) {
	b := newBench(t)
	_, r := b.mustRun(chain)
	flip(t, b.object(r, "a"))
	flip(t, b.object(r, "b"))
	b.wantRan(chain) // nobody reads

	changed := strings.NewReplacer("n: 0", "n: 10", "n: 1}", "n: 11}").Replace(chain)
	r2, err := b.plan(changed).Execute(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ran := strings.Join(b.took(), " ")
	// c and d find b damaged, b finds a damaged; c or d may be lucky and begin
	// when b has been made again.
	for _, id := range []string{"a", "b", "c", "d"} {
		if !strings.Contains(ran, id) {
			t.Errorf("%s did not run again (%s)", id, ran)
		}
		if id < "c" && (digests(r2)[id] != digests(r)[id] || r2.Of(id).Status != WasMade) {
			t.Errorf("%s: %s, %s", id, r2.Of(id).Status, digests(r2)[id].Short())
		}
	}
	b.wantRan(changed)
	if aside, _ := os.ReadDir(filepath.Join(b.dir, "damaged")); len(aside) != 2 {
		t.Errorf("%d objects set aside", len(aside))
	}
}

func TestDeliveredOutputIsCheckedOnAHit(t *testing.T) {
	b := newBench(t)
	_, r := b.mustRun(chain)
	b.opts.Deliver = func(n *Node) bool { return n.ID == "d" }
	b.wantRan(chain)
	flip(t, b.object(r, "d"))
	flip(t, b.object(r, "c"))
	r = b.wantRan(chain, "d")
	if _, err := r.Of("d").Artifact.Path("text"); err != nil {
		t.Error(err)
	}
	var damaged *store.DamagedError
	if _, err := r.Of("c").Artifact.Path("text"); !errors.As(err, &damaged) {
		t.Errorf("c: got %v", err)
	}
}

func TestFailureToMakeADamagedInputAgainIsTheCause(t *testing.T) {
	b := newBench(t)
	_, r := b.mustRun(chain)
	flip(t, b.object(r, "b"))
	b.during = func(_ context.Context, c *Cell) error {
		if c.ID == "b" {
			return errors.New("no luck")
		}
		return nil
	}
	r, err := b.plan(strings.NewReplacer("n: 0", "n: 10", "n: 1}", "n: 11}").Replace(chain)).Execute(t.Context())
	if err == nil || r.Of("b").Status != WasFailed || r.Of("c").Cause.ID != "b" || r.Of("d").Cause.ID != "b" {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestNewerRecordStopsThePlan(t *testing.T) {
	b := newBench(t)
	_, r := b.mustRun(chain)
	key := r.Of("b").Key.String()
	path := filepath.Join(b.dir, "actions", key[:2], key+".json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(path, resum(strings.Replace(string(text), `"format": 1`, `"format": 9`, 1)), 0o666)
	c, _ := disk.Open(b.dir)
	_, err = b.graph(chain).Plan(t.Context(), Options{Cache: c})
	if err == nil || !strings.Contains(err.Error(), "has record format 9") {
		t.Errorf("got %v", err)
	}
}

// resum gives a record the checksum that belongs to its text, as docs/format.md
// says.
func resum(text string) []byte {
	end := strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n") + 1
	return []byte(text[:end] + ` "sha256": "` + digest.Of([]byte(text[:end])).String() + "\"}\n")
}
