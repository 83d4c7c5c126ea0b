package tiered

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/internal/store/remote"
	"foil/internal/store/storetest"
)

// A bench is a folder that several machines share.
type bench struct {
	*testing.T
	dir string // of the remote
}

func newBench(t *testing.T) *bench { return &bench{t, filepath.Join(t.TempDir(), "shared")} }

// A machine has a cache of its own.
type machine struct {
	*Store
	dir       string // of its cache
	notes     []string
	conflicts []*store.Record // of the remote
}

const patience = 100 * time.Millisecond

func (b *bench) machine(address string, change func(*Options)) *machine {
	return b.machineWith(b.TempDir(), address, remote.Options{}, change)
}

func (b *bench) machineWith(dir, address string, how remote.Options, change func(*Options)) *machine {
	b.Helper()
	c, err := disk.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	if address == "" {
		address = "file://" + filepath.ToSlash(b.dir)
		how.Patience = time.Minute
	}
	r, err := remote.Open(address, how)
	if err != nil {
		b.Fatal(err)
	}
	m := &machine{dir: dir}
	var mu sync.Mutex
	o := Options{
		Plan: keyOf("plan"), Patience: how.Patience,
		OnNote:     func(text string) { mu.Lock(); defer mu.Unlock(); m.notes = append(m.notes, text) },
		OnConflict: func(_, theirs *store.Record) { mu.Lock(); defer mu.Unlock(); m.conflicts = append(m.conflicts, theirs) },
	}
	if change != nil {
		change(&o)
	}
	m.Store = New(c, r, o)
	return m
}

func keyOf(work string) digest.Key { return digest.NewKeyLines(work, 1).Text().Key() }

// publish makes work on a machine.
func (b *bench) publish(m *machine, work string, files ...string) *store.Record {
	b.Helper()
	l, err := m.Acquire(b.Context(), keyOf(work))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Release()
	w, err := l.Begin()
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(w.Out, files[i]), []byte(files[i+1]), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	r := &store.Record{KeyText: digest.NewKeyLines(work, 1).Text(), Kind: work, Version: 1, Cell: work}
	if err := l.Publish(b.Context(), w, r); err != nil {
		b.Fatal(err)
	}
	return r
}

func (b *bench) lookup(m *machine, work string) (*store.Record, store.Miss) {
	b.Helper()
	r, miss, err := m.Lookup(b.Context(), keyOf(work))
	if err != nil {
		b.Fatal(err)
	}
	return r, miss
}

// remove removes the blobs of a kind from the folder.
func (b *bench) change(kind string, change func(path string) error) {
	b.Helper()
	err := filepath.WalkDir(filepath.Join(b.dir, kind), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return change(path)
	})
	if err != nil {
		b.Fatal(err)
	}
}

func TestATieredStoreIsAStore(t *testing.T) {
	storetest.Test(t, func(t *testing.T) storetest.Harness {
		b, dir := newBench(t), t.TempDir()
		return storetest.Harness{
			Open: func() store.Store {
				return b.machineWith(dir, "", remote.Options{}, func(o *Options) { o.ReadOnly = true }).Store
			},
			Damage: func(f digest.File) error {
				path := filepath.Join(dir, "objects", f.Digest.String()[:2], f.Digest.String())
				return errors.Join(os.Chmod(path, 0o666), os.WriteFile(path, []byte(strings.Repeat("x", int(f.Size))), 0o444))
			},
		}
	})
}

func TestAnotherMachineHasWhatOneHasMade(t *testing.T) {
	b := newBench(t)
	one := b.machine("", nil)
	made := b.publish(one, "work", "out", "content", "weights", strings.Repeat("w", 10000))
	if sent := one.Finish(t.Context(), nil); sent.Records != 1 || sent.Objects != 2 || sent.Failed != 0 {
		t.Fatalf("%+v, %v", sent, one.notes)
	}
	two := b.machine("", nil)
	r, miss := b.lookup(two, "work")
	if r == nil || !slices.Equal(r.Outputs, made.Outputs) {
		t.Fatalf("%+v, %+v", r, miss)
	}
	if n := two.remote.Traffic().Requests; n != 2 {
		t.Errorf("%d requests for the manifest", n)
	}
	if got := two.Got(); got.Objects != 0 {
		t.Errorf("a lookup got %+v", got)
	}
	path, err := two.Fetch(t.Context(), made.Outputs[0])
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "content" {
		t.Errorf("%q", text)
	}
	if got := two.Got(); got.Objects != 1 || got.Bytes != 7 {
		t.Errorf("got %+v", got)
	}
	if local, _, _ := two.local.Lookup(t.Context(), r.Key); local != nil {
		t.Error("a result that is not whole is in the cache")
	}
	if _, err := two.Fetch(t.Context(), made.Outputs[1]); err != nil {
		t.Fatal(err)
	}
	if local, miss, _ := two.local.Lookup(t.Context(), r.Key); local == nil {
		t.Errorf("a whole result is not in the cache: %+v", miss)
	}
	if _, miss := b.lookup(two, "other work"); miss != store.NeverMade {
		t.Errorf("%+v", miss)
	}
}

// What is wrong on the remote is made again here, and then it is right there, too.
func TestWhatIsGoneOrWrongIsHealedByWhoMakesItAgain(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"evicted":   os.Remove,
		"truncated": func(path string) error { return os.Truncate(path, 5) },
		"swapped": func(path string) error {
			other, err := os.ReadFile(filepath.Join(filepath.Dir(path), filepath.Base(path)))
			return errors.Join(err, os.WriteFile(path, append(other[:len(other)-1:len(other)-1], other[len(other)-1]^1), 0o666))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			one := b.machine("", nil)
			f := b.publish(one, "work", "out", "content").Outputs[0]
			one.Finish(t.Context(), nil)
			// The manifest is an object, too, and heals like one.
			b.change("cas", change)

			two := b.machine("", nil)
			if r, miss := b.lookup(two, "work"); r == nil {
				t.Fatalf("%+v", miss)
			}
			if _, err := two.Fetch(t.Context(), f); !errors.As(err, new(*store.DamagedError)) {
				t.Fatalf("got %v", err)
			}
			if r, miss := b.lookup(two, "work"); r != nil || miss.NeverMade || miss.Reason == "" {
				t.Fatalf("still a hit, or without a reason: %+v", miss)
			}
			b.publish(two, "work", "out", "content")
			if sent := two.Finish(t.Context(), nil); sent.Failed != 0 || sent.Objects != 1 {
				t.Fatalf("%+v, %v", sent, two.notes)
			}
			three := b.machine("", nil)
			if r, miss := b.lookup(three, "work"); r == nil {
				t.Fatalf("%+v", miss)
			}
			if _, err := three.Fetch(t.Context(), f); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnotherResultIsAFinding(t *testing.T) {
	b := newBench(t)
	one, two := b.machine("", nil), b.machine("", nil)
	b.publish(one, "work", "out", "one result")
	one.Finish(t.Context(), nil)
	ours := b.publish(two, "work", "out", "another result")
	two.Finish(t.Context(), nil)
	if len(two.conflicts) != 1 || two.conflicts[0].Outputs[0].Digest != digest.Of([]byte("one result")) {
		t.Fatalf("%v", two.conflicts)
	}
	if kept := two.local.ConflictOf(ours); kept == nil {
		t.Error("it was not kept")
	}
	if r, _ := b.lookup(two, "work"); r.Outputs[0] != ours.Outputs[0] {
		t.Error("the cache does not decide")
	}
	if r, _ := b.lookup(b.machine("", nil), "work"); r.Outputs[0].Digest != digest.Of([]byte("one result")) {
		t.Error("the record of the remote was replaced")
	}
}

func TestAReadOnlyRemoteGetsNothing(t *testing.T) {
	b := newBench(t)
	m := b.machine("", func(o *Options) { o.ReadOnly = true })
	b.publish(m, "work", "out", "content")
	m.Finish(t.Context(), nil)
	if _, err := os.Stat(b.dir); err == nil {
		t.Error("something was sent")
	}
}

// Keys that are not in the manifest, and files, are asked for at once.
func TestManyAreGotAtOnce(t *testing.T) {
	b := newBench(t)
	one := b.machine("", func(o *Options) { o.Plan = digest.Key{} })
	var keys []digest.Key
	var files []digest.File
	for i := range 40 {
		work := fmt.Sprint("work", i)
		r := b.publish(one, work, "out", work)
		keys, files = append(keys, r.Key), append(files, r.Outputs...)
	}
	large := b.publish(one, "large", "weights", strings.Repeat("w", small+1)).Outputs[0]
	one.Finish(t.Context(), nil)
	two := b.machine("", nil)
	two.Expect(t.Context(), append(keys, keyOf("nothing")))
	before := two.remote.Traffic().Requests
	for i := range keys {
		if r, miss := b.lookup(two, fmt.Sprint("work", i)); r == nil {
			t.Fatalf("%+v", miss)
		}
	}
	if n := two.remote.Traffic().Requests; n != before {
		t.Errorf("%d more requests", n-before)
	}
	missing := digest.File{Name: "missing", Digest: digest.Of([]byte("missing")), Size: 7}
	damaged := two.Prepare(t.Context(), append(files, large, missing), false)
	if len(damaged) != 1 || damaged[0].File != missing {
		t.Errorf("%v", damaged)
	}
	if two.local.Has(large) || !two.local.Has(files[0]) {
		t.Error("large files must wait, small ones not")
	}
	if damaged := two.Prepare(t.Context(), []digest.File{large}, true); damaged != nil || !two.local.Has(large) {
		t.Errorf("%v", damaged)
	}
	two.Finish(t.Context(), nil)
	three := b.machine("", nil) // the second machine has written a manifest
	three.Expect(t.Context(), keys)
	if n := three.remote.Traffic().Requests; n != 2 {
		t.Errorf("%d requests", n)
	}
}

// A remote that fails is named once, costs at most its patience, and the run goes on.
func TestAFailingRemoteIsNamedOnce(t *testing.T) {
	status := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		notes  []string // parts of them
	}{
		"500":    {status(500), []string{"500", "500"}},
		"403":    {status(403), []string{"403", "403"}},
		"silent": {nil, []string{"no progress", "no progress"}},
		"refuses": {func(w http.ResponseWriter, _ *http.Request) {
			c, _, _ := http.NewResponseController(w).Hijack()
			c.Close()
		}, []string{"EOF", "EOF"}},
		"cannot be written": {func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				w.WriteHeader(http.StatusForbidden)
			} else {
				http.NotFound(w, r)
			}
		}, []string{"403"}},
		"full": {func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				w.WriteHeader(http.StatusInsufficientStorage)
			} else {
				http.NotFound(w, r)
			}
		}, []string{"507"}},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			var asked atomic.Int32
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if c.answer != nil {
					c.answer(w, r)
					return
				}
				select {
				case <-release:
				case <-r.Context().Done():
				}
			}))
			defer s.Close()
			defer close(release)
			b := newBench(t)
			m := b.machineWith(t.TempDir(), s.URL, remote.Options{Patience: patience}, nil)
			for i := range 8 {
				work := fmt.Sprint("work", i)
				if r, miss := b.lookup(m, work); r != nil || miss != store.NeverMade {
					t.Errorf("%+v, %+v", r, miss)
				}
				b.publish(m, work, "out", work)
				if r, _ := b.lookup(m, work); r == nil {
					t.Error("not in the cache")
				}
			}
			sent := m.Finish(t.Context(), nil)
			if sent.Failed != 8 || sent.Records != 0 {
				t.Errorf("%+v", sent)
			}
			if len(m.notes) != len(c.notes) {
				t.Fatalf("notes: %q", m.notes)
			}
			for i, part := range c.notes {
				if !strings.Contains(m.notes[i], part) || !strings.Contains(m.notes[i], s.URL) {
					t.Errorf("note %q lacks %q", m.notes[i], part)
				}
			}
		})
	}
}

// Results that could not be sent do not keep a run from ending when somebody interrupts it.
func TestFinishEndsWithItsContext(t *testing.T) {
	started := make(chan struct{}, 100)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
	}))
	defer s.Close()
	b := newBench(t)
	m := b.machineWith(t.TempDir(), s.URL, remote.Options{Patience: time.Hour}, nil)
	b.publish(m, "work", "out", "content")
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if sent := m.Finish(ctx, nil); sent.Failed != 1 {
		t.Errorf("%+v", sent)
	}
}

func TestARecordOfAStrangerIsNotUsedAndToldOnce(t *testing.T) {
	b := newBench(t)
	one := b.machine("", nil)
	for _, work := range []string{"one", "two"} {
		b.publish(one, work, "out", work)
	}
	one.Finish(t.Context(), nil)
	two := b.machineWith(t.TempDir(), "", remote.Options{Trust: remote.Trusted{make([]byte, 32)}}, nil)
	for _, work := range []string{"one", "two"} {
		if r, miss := b.lookup(two, work); r != nil || miss != store.NeverMade {
			t.Errorf("%+v, %+v", r, miss)
		}
	}
	if len(two.notes) != 1 || !strings.Contains(two.notes[0], "not signed by a trusted key") {
		t.Errorf("%q", two.notes)
	}
}
