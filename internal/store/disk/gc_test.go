package disk

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// A yard is a cache with records of known sizes and times of use, to be swept.
type yard struct {
	testing.TB
	*Cache
}

// reads is the work that other work reads.
var reads = map[string][]string{"model": {"data"}, "probe": {"data", "model"}, "same": {"data", "model"}}

// yardText is the key text of work in a yard.
func yardText(name string) digest.KeyText {
	lines := digest.NewKeyLines(name, 1)
	for _, from := range reads[name] {
		lines = append(lines, digest.KeyLine{Part: digest.PartInput, Name: from, Value: digest.Of([]byte(from)).String()})
	}
	return lines.Text()
}

func yardKey(name string) digest.Key { return yardText(name).Key() }

// made publishes work that was used some days ago.
func (y yard) made(name, content string, daysAgo int) {
	y.Helper()
	lock, err := y.acquire(yardKey(name))
	if err != nil {
		y.Fatal(err)
	}
	defer lock.Release()
	work, err := lock.Begin()
	if err != nil {
		y.Fatal(err)
	}
	r := &store.Record{KeyText: yardText(name), Kind: name, Version: 1, Cell: name}
	for _, from := range reads[name] {
		r.Inputs = append(r.Inputs, store.Input{Name: from, Key: yardKey(from), Digest: digest.Of([]byte(from))})
	}
	used := now.AddDate(0, 0, -daysAgo)
	if err := errors.Join(
		os.WriteFile(filepath.Join(work.Out, "out"), []byte(content), 0o666),
		lock.Publish(y.Context(), work, r),
		os.Chtimes(y.recordPath(yardKey(name)), used, used),
	); err != nil {
		y.Fatal(err)
	}
}

var now = time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)

// sweep removes garbage and returns which records are left.
func (y yard) sweep(p Policy) (left string, g *Garbage) {
	y.Helper()
	release, err := y.Alone()
	if err != nil {
		y.Fatal(err)
	}
	defer release()
	if g, err = y.Garbage(p); err != nil {
		y.Fatal(err)
	}
	if err := y.Remove(g); err != nil {
		y.Fatal(err)
	}
	entries, err := y.Entries()
	if err != nil {
		y.Fatal(err)
	}
	var names []string
	var size int64
	objects := map[digest.Digest]bool{}
	for _, e := range entries {
		names = append(names, e.Record.Cell)
		size += e.Size
		for _, f := range e.Record.Outputs {
			if _, err := y.object(y.Context(), f); err != nil {
				y.Errorf("%s has lost its output: %v", e.Record.Cell, err)
			}
			if !objects[f.Digest] {
				size += f.Size
			}
			objects[f.Digest] = true
		}
	}
	found := 0
	y.eachObject(func(digest.Digest, os.FileInfo) { found++ })
	if found != len(objects) {
		y.Errorf("%d objects are left, and records name %d", found, len(objects))
	}
	if g.Left != size || g.Kept != len(entries) {
		y.Errorf("said to stay: %d records, %d bytes; it is %d, %d", g.Kept, g.Left, len(entries), size)
	}
	slices.Sort(names)
	return strings.Join(names, " "), g
}

func days(n int) time.Time { return now.AddDate(0, 0, -n) }

func keep(names ...string) map[digest.Key]bool {
	m := map[digest.Key]bool{}
	for _, n := range names {
		m[yardKey(n)] = true
	}
	return m
}

func TestPolicyChoosesRecords(t *testing.T) {
	kilo := strings.Repeat("x", 10_000)
	for name, test := range map[string]struct {
		policy Policy
		want   string
	}{
		"nothing said":                        {Policy{}, "data model new old probe same"},
		"kept alone":                          {Policy{Keep: keep("data", "model")}, "data model"},
		"nothing kept":                        {Policy{Keep: keep("unknown")}, ""},
		"old ones":                            {Policy{Unused: days(20)}, "data model new probe same"},
		"what a young one read is young":      {Policy{Unused: days(8)}, "data model new probe same"},
		"all are old":                         {Policy{Unused: days(1)}, ""},
		"kept ones do not age":                {Policy{Unused: days(1), Keep: keep("old")}, "old"},
		"size is kept":                        {Policy{MaxSize: 1 << 20}, "data model new old probe same"},
		"size: the oldest goes first":         {Policy{MaxSize: 50_000}, "data model new probe same"},
		"size: users go before what they use": {Policy{MaxSize: 35_000}, "data model new same"},
		"size: kept ones stay":                {Policy{MaxSize: 1, Keep: keep("data", "old")}, "data old"},
		"age and size":                        {Policy{Unused: days(20), MaxSize: 35_000}, "data model new same"},
	} {
		t.Run(name, func(t *testing.T) {
			y := yard{t, openTemp(t)}
			y.made("data", kilo+"data", 40)
			y.made("model", kilo+"model", 30)
			y.made("probe", kilo+"probe", 7)
			y.made("old", kilo+"old", 30)
			y.made("new", kilo+"new", 5)
			y.made("same", kilo+"new", 6) // content that another has, too
			if got, _ := y.sweep(test.policy); got != test.want {
				t.Errorf("left: %s\nwant: %s", got, test.want)
			}
		})
	}
}

func TestGarbageIsRemovedAndNothingElse(t *testing.T) {
	y := yard{t, openTemp(t)}
	y.made("good", "content", 1)
	y.made("bad", "other", 1)
	os.WriteFile(y.recordPath(keyOf("bad")), []byte("{}\n"), 0o666)
	write := func(parts ...string) string {
		path := filepath.Join(append([]string{y.dir}, parts...)...)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte("x"), 0o444)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	gone := []string{
		y.recordPath(keyOf("bad")),
		write("objects", "ab", strings.Repeat("ab", 32)),
		write("damaged", strings.Repeat("cd", 32)),
		write("locks", keyOf("dead").String()),
		write("locks", "probe-1"),
		write("work", keyOf("good").String(), "out", "x"), // published
		write("work", keyOf("idle").String(), "log"),      // given up
		write("work", "import-1", "x"),                    // a killed import's
	}
	stays := []string{
		write("downloads", "ml-1m.zip"),
		write("objects", "ab", "readme"),
		write("work", keyOf("running").String(), "log"),
		write("work", keyOf("kept").String(), "checkpoint", "x"),
	}
	lock, err := y.acquire(keyOf("running"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	stays = append(stays, y.lockPath(keyOf("running")))
	left, g := y.sweep(Policy{Keep: keep("good", "kept"), Idle: time.Now().Add(time.Hour)})
	if left != "good" {
		t.Errorf("left: %s", left)
	}
	for _, path := range gone {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	for _, path := range stays {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if g.Bytes() == 0 || len(g.Work) != 3 || len(g.Objects) != 2 {
		t.Errorf("%+v", g)
	}
}

func TestUnfinishedWorkStaysUntilItIsIdle(t *testing.T) {
	y := yard{t, openTemp(t)}
	lock, err := y.acquire(keyOf("work"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Begin(); err != nil {
		t.Fatal(err)
	}
	lock.Release()
	if _, g := y.sweep(Policy{Idle: time.Now().Add(-time.Hour)}); len(g.Work) != 0 {
		t.Errorf("removed %+v", g.Work)
	}
	if _, g := y.sweep(Policy{Idle: time.Now().Add(time.Hour)}); len(g.Work) != 1 {
		t.Errorf("removed %+v", g.Work)
	}
}

func TestOnlyWhoIsAloneRemoves(t *testing.T) {
	y := yard{t, openTemp(t)}
	y.made("work", "content", 1)
	g, err := y.Garbage(Policy{Keep: keep("x")})
	if err != nil || len(g.Records) != 1 {
		t.Fatalf("%v, %v", g, err)
	}
	if err := y.Remove(g); err == nil {
		t.Error("removed while others may use the cache")
	}
}

func TestNothingIsRemovedWhereANewerFoilWrote(t *testing.T) {
	y := yard{t, openTemp(t)}
	r := publish(t, y.Cache, "work", "out", "content")
	r.Format = store.RecordFormat + 1
	text, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(y.recordPath(r.Key), text, 0o666)
	var newer *store.NewerFormatError
	if _, err := y.Garbage(Policy{}); !errors.As(err, &newer) {
		t.Errorf("got %v", err)
	}
}

// The inputs in a record are not verified, so they may be forged.
func TestRecordsInACircleHaveALastUse(t *testing.T) {
	entry := func(name string, daysAgo int, from string) Entry {
		return Entry{Key: keyOf(name), Used: days(daysAgo), Record: &store.Record{Cell: name, Inputs: []store.Input{{Key: keyOf(from)}}}}
	}
	list := byLastUse([]Entry{entry("a", 1, "b"), entry("b", 2, "a"), entry("c", 3, "c")})
	got := map[string]bool{}
	for _, e := range list {
		got[e.Record.Cell] = true
	}
	if len(list) != 3 || !maps.Equal(got, map[string]bool{"a": true, "b": true, "c": true}) {
		t.Errorf("%v", got)
	}
}

func TestLookingUpIsUse(t *testing.T) {
	y := yard{t, openTemp(t)}
	y.made("work", "content", 1)
	old := time.Now().AddDate(0, 0, -90)
	os.Chtimes(y.recordPath(keyOf("work")), old, old)
	lookup(t, y.Cache, "work")
	if entries, _ := y.Entries(); time.Since(entries[0].Used) > time.Hour {
		t.Errorf("last used %s", entries[0].Used)
	}
}
