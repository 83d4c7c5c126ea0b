package disk

import (
	"errors"
	"io"
	"os"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
)

func TestReceivedObjectsHaveTheirContent(t *testing.T) {
	c := openTemp(t)
	f := digest.File{Name: "out", Digest: digest.Of([]byte("content")), Size: 7}
	for name, write := range map[string]func(io.Writer) error{
		"other":     func(w io.Writer) error { _, err := io.WriteString(w, "cantent"); return err },
		"truncated": func(w io.Writer) error { _, err := io.WriteString(w, "conten"); return err },
		"failed":    func(w io.Writer) error { return errors.New("the connection was lost") },
	} {
		if err := c.Receive(t.Context(), f, write); err == nil || c.Has(f) {
			t.Errorf("%s: stored, %v", name, err)
		}
	}
	if err := c.Receive(t.Context(), f, func(w io.Writer) error { _, err := io.WriteString(w, "content"); return err }); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fetch(t.Context(), f); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(c.dir + "/" + workDir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestARecordIsAdoptedWithItsObjects(t *testing.T) {
	from, to := openTemp(t), openTemp(t)
	r := publish(t, from, "work", "out", "content", "also", "more content")
	for i, f := range r.Outputs {
		if _, err := to.Adopt(t.Context(), r); !errors.As(err, new(*store.DamagedError)) {
			t.Fatalf("adopted with %d objects: %v", i, err)
		}
		if err := to.Receive(t.Context(), f, func(w io.Writer) error {
			path, err := from.Fetch(t.Context(), f)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			if err == nil {
				_, err = w.Write(text)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if known, err := to.Adopt(t.Context(), r); known != nil || err != nil {
		t.Fatalf("%v, %v", known, err)
	}
	if got, why := lookup(t, to, "work"); got == nil {
		t.Error(why)
	}
}

func TestConflictsAreKeptUntilTheyAreOver(t *testing.T) {
	one, two := openTemp(t), openTemp(t)
	ours, theirs := publish(t, one, "work", "out", "content"), publish(t, two, "work", "out", "other content")
	if one.ConflictOf(ours) != nil {
		t.Error("a conflict without another record")
	}
	for range 2 {
		if err := one.KeepConflict(theirs); err != nil {
			t.Fatal(err)
		}
	}
	if got := one.ConflictOf(ours); got == nil || got.Outputs[0] != theirs.Outputs[0] {
		t.Errorf("%+v", got)
	}
	if one.ConflictOf(theirs) != nil {
		t.Error("a conflict with the same outputs")
	}
}
