package disk

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// sharedLeases has the same effect as leases that are lost unnoticed: any number of owners hold the
// lease of a key.
type sharedLeases struct{}

func (sharedLeases) take(digest.Key) (hold, error) { return sharedHold{}, nil }

func (sharedLeases) holder(digest.Key) (*store.Holder, error) { return nil, nil }

type sharedHold struct{}

func (sharedHold) sign(store.Owner) error { return nil }
func (sharedHold) check() error           { return nil }
func (sharedHold) lost() <-chan struct{}  { return nil }
func (sharedHold) file() *os.File         { return nil }
func (sharedHold) giveBack()              {}

// found is the content of the output of a key that is a hit, or the reason why it is none.
func found(t *testing.T, c *Cache, work string) string {
	t.Helper()
	r, reason := lookup(t, c, work)
	if r == nil {
		return reason
	}
	text, err := os.ReadFile(fetch(t, c, r.Outputs[0]))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOwnerOfALostLeaseReplacesNoRecord(t *testing.T) {
	remove := func(c *Cache, r *store.Record) error { return os.Remove(c.objectPath(r.Outputs[0].Digest)) }
	damage := func(c *Cache, r *store.Record) error {
		return os.WriteFile(c.recordPath(r.Key), []byte("{"), 0o666)
	}
	for name, test := range map[string]struct {
		before string                            // content that is published before the lease is taken
		break1 func(*Cache, *store.Record) error // damage to it
		other  string                            // content that the new owner publishes
		break2 func(*Cache, *store.Record) error // damage to it
		want   error
	}{
		"nothing":                               {},
		"published by the new owner":            {other: "theirs", want: store.ErrLost},
		"the same result":                       {other: "ours", want: store.ErrLost},
		"made again by the new owner":           {before: "old", break1: remove, other: "theirs", want: store.ErrLost},
		"a damaged record, made again":          {before: "old", break1: damage, other: "theirs", want: store.ErrLost},
		"the object was missing":                {before: "ours", break1: remove},
		"the record was damaged":                {before: "old", break1: damage},
		"the object of the new owner is lost":   {other: "theirs", break2: remove},
		"the record of the new owner is broken": {other: "theirs", break2: damage},
	} {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			c.leases = sharedLeases{}
			if test.before != "" {
				if err := test.break1(c, publish(t, c, "work", "out", test.before)); err != nil {
					t.Fatal(err)
				}
			}
			w := beginWork(t, c, "work", map[string]string{"out": "ours"})
			// The new owner publishes its own folder, and removes the work folder of the key.
			elsewhere := filepath.Join(t.TempDir(), "kept")
			if err := os.Rename(c.workPath(keyOf("work")), elsewhere); err != nil {
				t.Fatal(err)
			}
			if test.other != "" {
				r := publish(t, open(t, c.Dir()), "work", "out", test.other)
				if test.break2 != nil {
					if err := test.break2(c, r); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := os.Rename(elsewhere, c.workPath(keyOf("work"))); err != nil {
				t.Fatal(err)
			}
			if _, err := w.publish(t, "work"); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			want := "ours"
			if test.want != nil {
				want = test.other
			}
			if got := found(t, c, "work"); got != want {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}

// A record that the disk does not keep is removed, but not one that has come in its place.
func TestOnlyTheOwnRecordIsRemoved(t *testing.T) {
	for _, replaced := range []bool{false, true} {
		c := openTemp(t)
		c.leases = sharedLeases{}
		w := beginWork(t, c, "work", map[string]string{"a": "ours"})
		p := newPublisher(c)
		r := &store.Record{Format: store.RecordFormat, Key: keyOf("work"), KeyText: textOf("work"), Kind: "work", Version: 1}
		var err error
		if r.Outputs, err = p.folder(t.Context(), w.Out); err != nil {
			t.Fatal(err)
		}
		p.syncs.begin(func() error {
			for !lexists(c.recordPath(r.Key)) {
				time.Sleep(time.Millisecond)
			}
			if replaced {
				text, err := os.ReadFile(c.recordPath(r.Key))
				beside := filepath.Join(c.Dir(), "beside")
				if err := errors.Join(err, os.WriteFile(beside, text, 0o666), os.Rename(beside, c.recordPath(r.Key))); err != nil {
					return err
				}
			}
			return errors.New("no disk")
		})
		if err := w.publishRecord(t.Context(), filepath.Dir(w.Out), r, p); err == nil {
			t.Error("published")
		}
		if kept := lexists(c.recordPath(r.Key)); kept != replaced {
			t.Errorf("replaced %v: kept %v", replaced, kept)
		}
	}
}

func TestImportLeavesTheRecordsOfRunsAlone(t *testing.T) {
	bundle := func(t *testing.T) []byte {
		from := openTemp(t)
		return export(t, from, []*store.Record{publish(t, from, "one", "a", "theirs"), publish(t, from, "two", "a", "theirs")})
	}
	type counts struct{ records, known, held, conflicts int }
	for name, test := range map[string]struct {
		run  func(t *testing.T, c *Cache) // just before Import takes the lease of "one", or the first
		want counts
		one  string // what "one" has afterwards
	}{
		"nobody else": {func(*testing.T, *Cache) {}, counts{records: 2}, "theirs"},
		"a run publishes another result": {func(t *testing.T, c *Cache) { publish(t, c, "one", "a", "ours") },
			counts{records: 1, known: 1, conflicts: 1}, "ours"},
		"a run publishes the same result": {func(t *testing.T, c *Cache) { publish(t, c, "one", "a", "theirs") },
			counts{records: 1, known: 1}, "theirs"},
		"a run holds the lease": {func(t *testing.T, c *Cache) { beginWork(t, c, "one", nil) },
			counts{records: 1, held: 1}, "never made"},
		"a run holds both leases": {func(t *testing.T, c *Cache) { beginWork(t, c, "one", nil); beginWork(t, c, "two", nil) },
			counts{held: 2}, "never made"},
	} {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			once := false
			c.leases = racing{c.leases, func(key digest.Key) {
				if !once && (key == keyOf("one") || test.want.held == 2) {
					once = true
					test.run(t, open(t, c.Dir()))
				}
			}}
			got, err := c.Import(t.Context(), bytes.NewReader(bundle(t)))
			if err != nil {
				t.Fatal(err)
			}
			if got := (counts{got.Records, got.Known, got.Held, len(got.Conflicts)}); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
			if got := found(t, c, "one"); got != test.one {
				t.Errorf("found %q, want %q", got, test.one)
			}
		})
	}
}

// racing calls before in front of each take.
type racing struct {
	leasing
	before func(digest.Key)
}

func (r racing) take(key digest.Key) (hold, error) {
	r.before(key)
	return r.leasing.take(key)
}

func TestCopyOfAHeldKeyIsNotDone(t *testing.T) {
	c, to := openTemp(t), openTemp(t)
	r := publish(t, c, "work", "out", "content")
	w := beginWork(t, to, "work", nil)
	if err := c.CopyTo(t.Context(), to, r); !errors.Is(err, store.ErrHeld) {
		t.Errorf("got %v", err)
	}
	w.Release()
	for range 2 {
		if err := c.CopyTo(t.Context(), to, r); err != nil {
			t.Error(err)
		}
	}
	if got := found(t, to, "work"); got != "content" {
		t.Errorf("found %q", got)
	}
}
