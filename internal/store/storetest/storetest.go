// Package storetest tests the promises of store.Store. Every implementation must pass it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
)

// A Harness is a store under test, which is empty at the start.
type Harness struct {
	// Open opens the store again, like another process.
	Open func() store.Store

	// Damage changes the content of an object, but neither its name nor its size.
	Damage func(digest.File) error
}

// Test runs all promises, each with a store of its own.
func Test(t *testing.T, fresh func(t *testing.T) Harness) {
	for name, promise := range map[string]func(*bench){
		"what is published is a hit":              (*bench).publishedIsAHit,
		"what was never made is a miss":           (*bench).neverMadeIsAMiss,
		"nothing is published before its end":     (*bench).nothingIsPublishedBeforeItsEnd,
		"nothing is published on failure":         (*bench).nothingIsPublishedOnFailure,
		"nothing is published after cancellation": (*bench).nothingIsPublishedAfterCancellation,
		"an artifact has files":                   (*bench).anArtifactHasFiles,
		"a record has the text of its key":        (*bench).aRecordHasTheTextOfItsKey,
		"a damaged object is told":                (*bench).aDamagedObjectIsTold,
		"damage is healed by the same work":       (*bench).damageIsHealed,
		"equal content is stored once":            (*bench).equalContentHasOneDigest,
		"a lease that is held is ErrHeld":         (*bench).aHeldLeaseIsErrHeld,
		"a lease can be waited for":               (*bench).aLeaseCanBeWaitedFor,
		"the holder of a lease is told":           (*bench).theHolderIsTold,
		"attempts have folders of their own":      (*bench).attemptsAreSeparate,
		"a late writer reaches no later attempt":  (*bench).aLateWriterReachesNoLaterAttempt,
		"checkpoints and the log stay":            (*bench).checkpointsStay,
		"all records are listed":                  (*bench).allRecordsAreListed,
	} {
		t.Run(name, func(t *testing.T) {
			h := fresh(t)
			promise(&bench{T: t, Harness: h, store: h.Open()})
		})
	}
}

type bench struct {
	*testing.T
	Harness
	store store.Store
}

func textOf(work string) digest.KeyText { return digest.NewKeyLines(work, 1).Text() }

func keyOf(work string) digest.Key { return textOf(work).Key() }

// record is the record of a run before it is published.
func record(work string) *store.Record {
	return &store.Record{KeyText: textOf(work), Kind: work, Version: 1, Cell: work}
}

func (b *bench) acquire(s store.Store, work string) store.Lease {
	b.Helper()
	l, err := s.Acquire(b.Context(), keyOf(work))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.Release)
	return l
}

func (b *bench) begin(l store.Lease) *store.Workspace {
	b.Helper()
	w, err := l.Begin()
	if err != nil {
		b.Fatal(err)
	}
	if entries, err := os.ReadDir(w.Out); err != nil || len(entries) > 0 {
		b.Errorf("the output folder of a new attempt: %v, %v", entries, err)
	}
	return w
}

func (b *bench) write(path, content string) {
	b.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(content), 0o666)); err != nil {
		b.Fatal(err)
	}
}

// publish makes and publishes a key. files are names and contents.
func (b *bench) publish(work string, files ...string) *store.Record {
	b.Helper()
	l := b.acquire(b.store, work)
	defer l.Release()
	w := b.begin(l)
	for i := 0; i < len(files); i += 2 {
		b.write(filepath.Join(w.Out, files[i]), files[i+1])
	}
	r := record(work)
	if err := l.Publish(b.Context(), w, r); err != nil {
		b.Fatal(err)
	}
	return r
}

// lookup returns the record of a hit, or nil.
func (b *bench) lookup(s store.Store, work string) *store.Record {
	b.Helper()
	r, miss, err := s.Lookup(b.Context(), keyOf(work))
	switch {
	case err != nil:
		b.Fatal(err)
	case r != nil && miss != store.Miss{}:
		b.Errorf("a hit with the miss %+v", miss)
	case r == nil && miss.Reason == "":
		b.Error("a miss without a reason")
	}
	return r
}

func (b *bench) publishedIsAHit() {
	made := b.publish("work", "b", "content of b", "a/c", "")
	for name, s := range map[string]store.Store{"the same view": b.store, "another view": b.Open()} {
		r := b.lookup(s, "work")
		if r == nil || r.Key != keyOf("work") || r.Kind != made.Kind || r.Cell != "work" {
			b.Fatalf("%s: %+v", name, r)
		}
		names := []string{}
		for _, f := range r.Outputs {
			names = append(names, f.Name)
			path, err := s.Fetch(b.Context(), f)
			if err != nil {
				b.Fatal(err)
			}
			if d, size, err := digest.OfFile(path); err != nil || d != f.Digest || size != f.Size {
				b.Errorf("%s: %s has other content (%v)", name, f.Name, err)
			}
		}
		if !slices.Equal(names, []string{"a/c", "b"}) {
			b.Errorf("%s: outputs %v", name, names)
		}
	}
}

func (b *bench) neverMadeIsAMiss() {
	_, miss, err := b.store.Lookup(b.Context(), keyOf("work"))
	if miss != store.NeverMade || err != nil {
		b.Errorf("%+v, %v", miss, err)
	}
	f := digest.File{Name: "out", Digest: digest.Of([]byte("content")), Size: 7}
	if _, err := b.store.Fetch(b.Context(), f); !errors.As(err, new(*store.DamagedError)) {
		b.Errorf("an object that is not there: %v", err)
	}
}

func (b *bench) nothingIsPublishedBeforeItsEnd() {
	l := b.acquire(b.store, "work")
	w := b.begin(l)
	b.write(filepath.Join(w.Out, "out"), "content")
	if b.lookup(b.Open(), "work") != nil {
		b.Error("a hit while it is made")
	}
	l.Release()
	if b.lookup(b.Open(), "work") != nil {
		b.Error("a hit after an attempt that was not published")
	}
}

func (b *bench) nothingIsPublishedOnFailure() {
	l := b.acquire(b.store, "work")
	w := b.begin(l)
	b.write(filepath.Join(w.Out, "out"), "content")
	if err := l.Fail(errors.New("epoch 3: loss is NaN")); err != nil {
		b.Fatal(err)
	}
	l.Release()
	if b.lookup(b.Open(), "work") != nil {
		b.Error("a hit after a failure")
	}
	b.publish("work", "out", "content")
	if b.lookup(b.Open(), "work") == nil {
		b.Error("not a hit after an attempt that succeeded")
	}
}

func (b *bench) nothingIsPublishedAfterCancellation() {
	l := b.acquire(b.store, "work")
	w := b.begin(l)
	b.write(filepath.Join(w.Out, "out"), "content")
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	if err := l.Publish(ctx, w, record("work")); !errors.Is(err, context.Canceled) {
		b.Errorf("got %v", err)
	}
	if b.lookup(b.Open(), "work") != nil {
		b.Error("it is a hit")
	}
	if _, err := b.store.Acquire(ctx, keyOf("other")); !errors.Is(err, context.Canceled) {
		b.Errorf("a lease: %v", err)
	}
}

func (b *bench) anArtifactHasFiles() {
	l := b.acquire(b.store, "work")
	if err := l.Publish(b.Context(), b.begin(l), record("work")); err == nil || !strings.Contains(err.Error(), "no output") {
		b.Errorf("got %v", err)
	}
}

func (b *bench) aRecordHasTheTextOfItsKey() {
	l := b.acquire(b.store, "work")
	w := b.begin(l)
	b.write(filepath.Join(w.Out, "out"), "content")
	if err := l.Publish(b.Context(), w, record("other work")); err == nil {
		b.Error("published under the key of other work")
	}
	for _, work := range []string{"work", "other work"} {
		if b.lookup(b.Open(), work) != nil {
			b.Errorf("%s is a hit", work)
		}
	}
}

func (b *bench) aDamagedObjectIsTold() {
	f := b.publish("work", "out", "content").Outputs[0]
	if err := b.Damage(f); err != nil {
		b.Fatal(err)
	}
	s := b.Open()
	_, err := s.Fetch(b.Context(), f)
	var damaged *store.DamagedError
	if !errors.As(err, &damaged) || damaged.File != f || damaged.Reason == "" {
		b.Errorf("got %v", err)
	}
	if b.lookup(s, "work") != nil {
		b.Error("it is still a hit")
	}
}

func (b *bench) damageIsHealed() {
	f := b.publish("work", "out", "content").Outputs[0]
	if err := b.Damage(f); err != nil {
		b.Fatal(err)
	}
	b.store = b.Open()
	_, _ = b.store.Fetch(b.Context(), f)
	b.publish("work", "out", "content")
	for _, s := range []store.Store{b.store, b.Open()} {
		if _, err := s.Fetch(b.Context(), f); err != nil {
			b.Error(err)
		}
	}
}

func (b *bench) equalContentHasOneDigest() {
	one := b.publish("one", "out", "content").Outputs[0]
	two := b.publish("two", "out", "content").Outputs[0]
	if one != two || one.Digest != digest.Of([]byte("content")) {
		b.Errorf("%v and %v", one, two)
	}
}

func (b *bench) aHeldLeaseIsErrHeld() {
	l := b.acquire(b.store, "work")
	for name, s := range map[string]store.Store{"the same view": b.store, "another view": b.Open()} {
		if _, err := s.Acquire(b.Context(), keyOf("work")); !errors.Is(err, store.ErrHeld) {
			b.Errorf("%s: %v", name, err)
		}
	}
	b.acquire(b.Open(), "other work").Release()
	l.Release()
	next := b.acquire(b.Open(), "work")
	l.Release() // a second time: it is not this lease's any more
	if _, err := b.store.Acquire(b.Context(), keyOf("work")); !errors.Is(err, store.ErrHeld) {
		b.Errorf("after a lease was released twice: %v", err)
	}
	next.Release()
}

func (b *bench) aLeaseCanBeWaitedFor() {
	l := b.acquire(b.store, "work")
	got := make(chan error)
	other := b.Open()
	go func() {
		next, err := store.Wait(b.Context(), other, keyOf("work"))
		if err == nil {
			next.Release()
		}
		got <- err
	}()
	select {
	case err := <-got:
		b.Fatalf("did not wait: %v", err)
	default:
	}
	l.Release()
	if err := <-got; err != nil {
		b.Error(err)
	}
}

func (b *bench) theHolderIsTold() {
	other := b.Open()
	holder := func() *store.Holder {
		h, err := other.Holder(b.Context(), keyOf("work"))
		if err != nil {
			b.Fatal(err)
		}
		return h
	}
	if h := holder(); h != nil {
		b.Errorf("before: %+v", h)
	}
	l := b.acquire(b.store, "work")
	b.begin(l)
	if h := holder(); h == nil || h.Owner == nil || h.Owner.PID != os.Getpid() || h.Orphan != nil {
		b.Errorf("held: %+v", h)
	}
	l.Release()
	if h := holder(); h != nil {
		b.Errorf("after: %+v", h)
	}
}

func (b *bench) attemptsAreSeparate() {
	l := b.acquire(b.store, "work")
	seen := map[string]bool{}
	for range 3 {
		w := b.begin(l)
		if seen[w.Out] {
			b.Fatalf("%s belongs to two attempts", w.Out)
		}
		seen[w.Out] = true
		b.write(filepath.Join(w.Out, "half"), "content")
	}
	l.Release()
	if w := b.begin(b.acquire(b.Open(), "work")); seen[w.Out] {
		b.Errorf("%s belongs to two attempts", w.Out)
	}
}

func (b *bench) aLateWriterReachesNoLaterAttempt() {
	l := b.acquire(b.store, "work")
	early := b.begin(l)
	l.Release()
	l = b.acquire(b.Open(), "work")
	w := b.begin(l)
	b.write(filepath.Join(w.Out, "out"), "content")
	b.write(filepath.Join(early.Out, "late"), "of an attempt that has ended")
	r := record("work")
	if err := l.Publish(b.Context(), w, r); err != nil {
		b.Fatal(err)
	}
	b.write(filepath.Join(early.Out, "out"), "of an attempt that has ended")
	if len(r.Outputs) != 1 || r.Outputs[0].Digest != digest.Of([]byte("content")) {
		b.Errorf("outputs %v", r.Outputs)
	}
	if _, err := b.Open().Fetch(b.Context(), r.Outputs[0]); err != nil {
		b.Error(err)
	}
}

func (b *bench) checkpointsStay() {
	l := b.acquire(b.store, "work")
	w := b.begin(l)
	if w.Resumes {
		b.Error("the first attempt resumes")
	}
	b.write(filepath.Join(w.Checkpoint, "training"), "epoch 3")
	log, err := os.Create(w.Log)
	if err != nil {
		b.Fatal(err)
	}
	fmt.Fprintln(log, "one")
	next := b.begin(l) // a retry: its log goes on
	fmt.Fprintln(log, "two")
	log.Close()
	if text, err := os.ReadFile(next.Log); string(text) != "one\ntwo\n" {
		b.Errorf("log %q, %v", text, err)
	}
	_ = l.Fail(errors.New("no luck"))
	l.Release()

	l = b.acquire(b.Open(), "work")
	w = b.begin(l)
	text, err := os.ReadFile(filepath.Join(w.Checkpoint, "training"))
	if !w.Resumes || string(text) != "epoch 3" || err != nil {
		b.Errorf("resumes %t, checkpoint %q, %v", w.Resumes, text, err)
	}
	if text, err := os.ReadFile(w.Log); string(text) != "one\ntwo\n" {
		b.Errorf("log %q, %v", text, err)
	}
	b.write(filepath.Join(w.Out, "out"), "content")
	r := record("work")
	if err := l.Publish(b.Context(), w, r); err != nil {
		b.Fatal(err)
	}
	if r.Log == nil || r.Log.Digest != digest.Of([]byte("one\ntwo\n")) {
		b.Errorf("log %v", r.Log)
	}
	l.Release()
	if w := b.begin(b.acquire(b.Open(), "work")); w.Resumes {
		b.Error("checkpoints of published work are still there")
	}
}

func (b *bench) allRecordsAreListed() {
	want := []string{"one", "three", "two"}
	for _, work := range want {
		b.publish(work, "out", work)
	}
	var got []string
	s := b.Open()
	for r, err := range s.Records(b.Context()) {
		if err != nil {
			b.Fatal(err)
		}
		got = append(got, r.Cell)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		b.Errorf("got %v", got)
	}
	for range s.Records(b.Context()) {
		break // who has seen enough gets no more
	}
}
