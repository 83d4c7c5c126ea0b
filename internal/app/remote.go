package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/internal/store/remote"
	"foil/internal/store/tiered"
	"foil/internal/words"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/spec"
)

// A Remote names a remote, and how it is used. The zero Remote is none.
type Remote struct {
	URL      string
	ReadOnly bool
	Trust    []string     // files of public keys; none: every record counts
	Sign     string       // file of a private key; empty: records are not signed
	OnNote   func(string) // what people should know; nil: no calls
}

// Open returns the remote. scratch makes folders for temporary files.
func (r Remote) Open(scratch remote.Scratch) (*remote.Remote, error) {
	opts := remote.Options{Scratch: scratch}
	for _, path := range r.Trust {
		keys, err := remote.ReadTrusted(path)
		if err != nil {
			return nil, fmt.Errorf("keys to trust: %w", err)
		}
		opts.Trust = append(opts.Trust, keys...)
	}
	if r.Sign != "" {
		var err error
		if opts.Sign, err = remote.ReadSigner(r.Sign); err != nil {
			return nil, fmt.Errorf("key to sign with: %w", err)
		}
	}
	return remote.Open(r.URL, opts)
}

// behind returns a cache with the remote behind it, or nil if there is no remote.
func (r Remote) behind(c *disk.Cache, g *graph.Graph, numeric plan.Numeric) (*tiered.Store, error) {
	if r.URL == "" {
		return nil, nil
	}
	far, err := r.Open(c.Scratch)
	if err != nil {
		return nil, err
	}
	note := r.OnNote
	if note == nil {
		note = func(string) {}
	}
	return tiered.New(c, far, tiered.Options{
		ReadOnly: r.ReadOnly,
		Plan:     plan.ID(cmp.Or(g.Whole, g), numeric),
		OnNote:   note,
		OnConflict: func(ours, theirs *store.Record) {
			note(fmt.Sprintf("remote %s: %s", far, ConflictText(ours, theirs)))
		},
	}), nil
}

// ConflictText describes two results of one key.
func ConflictText(ours, theirs *store.Record) string {
	why := WhyDifferent(ours, theirs, "the cell in the cache", "the one on the remote")
	return fmt.Sprintf("%s has other output there (%s), and the cache keeps its own: %s",
		ours.Cell, words.Few(DifferentFiles(ours.Outputs, theirs.Outputs)), why.Text)
}

// share waits until the results of a run are on the remote.
func (v *View) share(ctx context.Context, note func(string)) {
	if v.Remote == nil {
		return
	}
	if note == nil {
		note = func(string) {}
	}
	sent := v.Remote.Finish(ctx, func(left int) {
		note(fmt.Sprintf("remote %s: sending, %s left", v.Remote.Name(), words.Count(left, "result")))
	})
	got := v.Remote.Got()
	var parts []string
	if got.Objects > 0 {
		parts = append(parts, fmt.Sprintf("%s received (%s)", words.Count(got.Objects, "file"), spec.FormatSize(got.Bytes)))
	}
	if n := sent.Records + sent.Known; n > 0 {
		parts = append(parts, fmt.Sprintf("%s sent (%s, %s)", words.Count(n, "result"), words.Count(sent.Objects, "file"), spec.FormatSize(sent.Bytes)))
	}
	if sent.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%s not sent: foil push sends what is missing", words.Count(sent.Failed, "result")))
	}
	if sent.Others > 0 {
		parts = append(parts, OthersText(sent.Others))
	}
	if parts != nil {
		note(fmt.Sprintf("remote %s: %s", v.Remote.Name(), strings.Join(parts, ", ")))
	}
}

// OthersText tells about results that were not sent because of others on the remote.
func OthersText(n int) string {
	return words.Count(n, "result") + " not sent: those there are not signed by a trusted key (--sign KEY adds yours)"
}

// Transferred is what Push or Pull did.
type Transferred struct {
	Cells     int // of the experiment
	Results   int // sent or received; cells that do the same work share one
	Known     int // that were there before
	Others    int // that were not sent, because nobody trusted has signed those that are there
	Missing   int // cells that nobody has made, or that the other side lacks
	Objects   int
	Bytes     int64
	Requests  int64
	Took      time.Duration
	Conflicts []disk.Conflict
	Lost      []string // cells whose files could not be had, with the reason
}

// results are the records of a plan's hits, each once.
func (v *View) results() (list []*store.Record, missing int) {
	seen := map[digest.Key]bool{}
	for _, c := range v.Plan.Cells {
		switch {
		case c.State != plan.Hit:
			missing++
		case !seen[c.Key]:
			seen[c.Key] = true
			list = append(list, c.Record)
		}
	}
	return list, missing
}

// Push sends the cached results of an experiment to the remote. progress gets the number of results
// that are done, and of all.
func (s Setup) Push(ctx context.Context, e Experiment, progress func(done, all int)) (*Transferred, error) {
	far := s.Remote
	s.Remote = Remote{}
	v, err := s.Look(ctx, e)
	if err != nil {
		return nil, err
	}
	records, missing := v.results()
	if len(records) == 0 {
		return nil, v.errNothingMade()
	}
	to, err := far.Open(v.Cache.Scratch)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	t := &Transferred{Cells: len(v.Plan.Cells), Missing: missing}
	id := plan.ID(cmp.Or(v.Plan.Graph.Whole, v.Plan.Graph), v.Plan.Options.Numeric)
	st := tiered.New(v.Cache, to, tiered.Options{Plan: id, OnConflict: func(ours, theirs *store.Record) {
		t.Conflicts = append(t.Conflicts, disk.Conflict{Ours: ours, Theirs: theirs})
	}})
	sent, err := st.Push(ctx, records, progress)
	t.Results, t.Known, t.Objects, t.Bytes = sent.Records, sent.Known, sent.Objects, sent.Bytes
	t.Others = sent.Others
	t.Requests, t.Took = to.Traffic().Requests, time.Since(start)
	slices.SortFunc(t.Conflicts, func(a, b disk.Conflict) int { return strings.Compare(a.Ours.Cell, b.Ours.Cell) })
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("remote %s: %w; %d of %s are there, and the same command sends the rest", to, err, sent.Records+sent.Known, words.Count(len(records), "result"))
	}
	return t, err
}

// Pull gets the results of an experiment from the remote, with all their files and logs.
func (s Setup) Pull(ctx context.Context, e Experiment, progress func(done, all int)) (*Transferred, error) {
	g, err := e.Load()
	if err != nil {
		return nil, err
	}
	c, err := disk.Open(s.Cache)
	if err != nil {
		return nil, err
	}
	if err := c.Writable(); err != nil {
		return nil, err
	}
	start := time.Now()
	s.Remote.ReadOnly = true
	v, err := s.View(ctx, g, c)
	if err != nil {
		return nil, err
	}
	records, missing := v.results()
	t := &Transferred{Cells: len(v.Plan.Cells), Missing: missing}
	pulled, err := v.Remote.Pull(ctx, records, progress)
	got := v.Remote.Got()
	t.Results, t.Known, t.Objects, t.Bytes = pulled.Records, pulled.Known, got.Objects, got.Bytes
	t.Lost, t.Requests, t.Took = pulled.Lost, v.Remote.Traffic().Requests, time.Since(start)
	if err == nil {
		err = v.Remote.Err()
	}
	if err != nil && ctx.Err() == nil && !errors.As(err, new(*disk.ReadOnlyError)) {
		err = fmt.Errorf("remote %s: %w; %s here, and the same command gets the rest", v.Remote.Name(), err, words.Count(t.Results+t.Known, "result"))
	}
	return t, err
}
