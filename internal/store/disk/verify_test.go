package disk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ruin damages a cache in every way that Verify knows.
func ruin(t *testing.T, c *Cache) {
	t.Helper()
	object := func(text, content string) string {
		path := c.objectPath(publish(t, c, text, "out", content).Outputs[0].Digest)
		os.Chmod(path, 0o666)
		return path
	}
	if err := errors.Join(
		os.WriteFile(object("flipped", "content 1"), []byte("kontent 1"), 0o666),
		os.WriteFile(object("cut", "content 2"), []byte("con"), 0o666),
		os.Remove(object("gone", "content 3")),
		os.WriteFile(c.recordPath(publish(t, c, "record", "out", "content 4").Key), []byte("{}\n"), 0o666),
	); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFindsAndSetsAsideAllDamage(t *testing.T) {
	for name, repair := range map[string]bool{"repair": true, "no repair": false} {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			publish(t, c, "good", "out", "content 0")
			ruin(t, c)
			c = open(t, c.Dir())
			progress := int64(0)
			v := Verification{Repair: repair, OnProgress: func(done, total int64) {
				if done < progress || done > total {
					t.Errorf("%d of %d after %d", done, total, progress)
				}
				progress = done
			}}
			r, err := c.Verify(t.Context(), v)
			if err != nil {
				t.Fatal(err)
			}
			var objects, records, missing, aside int
			for _, p := range r.Problems {
				switch {
				case strings.HasPrefix(p.Name, "objects/") && strings.HasPrefix(p.Reason, "has unexpected content"):
					objects++
				case strings.HasPrefix(p.Name, "actions/") && strings.HasPrefix(p.Reason, "has no valid checksum in its last line"):
					records++
				case strings.HasSuffix(p.Name, "its output out"):
					missing++
				default:
					t.Errorf("unexpected: %s", p)
				}
				if p.SetAside {
					aside++
				}
			}
			// A record misses what is gone, what was set aside, and what has another size.
			wantMissing, wantAside, wantLeft := 2, 0, 0
			if repair {
				wantMissing, wantAside, wantLeft = 3, 3, 3
			}
			if objects != 2 || records != 1 || missing != wantMissing || aside != wantAside {
				t.Errorf("%d objects, %d records, %d missing, %d set aside: %s", objects, records, missing, aside, r.Problems)
			}
			if r.Records != 5 || r.Objects != 5 {
				t.Errorf("%+v", r)
			}
			if left, _ := os.ReadDir(filepath.Join(c.Dir(), damagedDir)); len(left) != wantLeft {
				t.Errorf("%d in damaged/", len(left))
			}
			if r, reason := lookup(t, c, "good"); r == nil {
				t.Error(reason)
			}
		})
	}
}

func TestVerifiedCacheIsWholeAgainAfterTheWorkIsDoneAgain(t *testing.T) {
	c := openTemp(t)
	ruin(t, c)
	c = open(t, c.Dir())
	if _, err := c.Verify(t.Context(), Verification{Repair: true}); err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{
		"flipped": "its output out was damaged, and was set aside", "cut": "its output out was damaged, and was set aside",
		"gone": "its output out is missing from the cache", "record": "its record was damaged, and was set aside",
	}
	for i, text := range []string{"flipped", "cut", "gone", "record"} {
		if r, reason := lookup(t, c, text); r != nil || reason != reasons[text] {
			t.Errorf("%s is found as %v, %q", text, r, reason)
		}
		publish(t, c, text, "out", "content "+string(rune('1'+i)))
	}
	if r, err := c.Verify(t.Context(), Verification{Repair: true}); err != nil || len(r.Problems) > 0 {
		t.Errorf("%v, %v", r, err)
	}
}

func TestVerifyCanBeCancelled(t *testing.T) {
	c := openTemp(t)
	publish(t, c, "work", "out", "content")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// It depends on timing whether the only object was returned, but Verify must end.
	if _, err := c.Verify(ctx, Verification{}); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestVerifyReadsAReadOnlyCache(t *testing.T) {
	c := openTemp(t)
	ruin(t, c)
	c = lockAway(t, c)
	r, err := c.Verify(t.Context(), Verification{Repair: true})
	if err != nil || len(r.Problems) < 4 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, p := range r.Problems {
		if p.SetAside {
			t.Errorf("set aside in a read-only cache: %s", p)
		}
	}
}
