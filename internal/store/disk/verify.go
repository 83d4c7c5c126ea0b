package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"foil/internal/ctxio"
	"foil/internal/digest"
	"foil/internal/store"
)

// A Report is the result of Verify.
type Report struct {
	Records  int // number of records read
	Objects  int // number of objects compared with their digests
	Bytes    int64
	Newer    int // records of a later format, which were not checked
	LostLogs int // missing logs: no result depends on them, and no run makes them again
	Problems []Problem
}

// A Problem is a damaged or missing file of a cache.
type Problem struct {
	Name     string // a path within the cache, or a record that lacks a file
	Reason   string
	SetAside bool // it was moved to damaged/
}

func (p Problem) String() string {
	text := p.Name + " " + p.Reason
	if p.SetAside {
		text += "; set aside"
	}
	return text
}

// A Verification configures Verify.
type Verification struct {
	// Repair sets damaged files aside, so that the next run makes them again.
	Repair bool

	// OnProgress receives the number of bytes read so far, one call at a time; nil: no calls.
	OnProgress func(done, total int64)
}

// Verify reads all records and all objects. The error means that it could not read the cache.
// Damage is listed in the report.
func (c *Cache) Verify(ctx context.Context, how Verification) (*Report, error) {
	v := &verifier{Verification: how, cache: c}
	c.verifying.Store(v)
	defer c.verifying.Store(nil)
	objects, err := v.list()
	if err != nil {
		return nil, err
	}
	if err := v.objects(ctx, objects); err != nil {
		return nil, err
	}
	if err := v.records(); err != nil { // after the objects, because objects may have been set aside
		return nil, err
	}
	slices.SortFunc(v.report.Problems, func(a, b Problem) int { return strings.Compare(a.Name, b.Name) })
	return &v.report, nil
}

// A verifier checks the content of a cache.
type verifier struct {
	Verification
	cache  *Cache
	mu     sync.Mutex
	report Report
	total  int64
}

// list finds all objects.
func (v *verifier) list() (list []File, err error) {
	err = v.cache.eachObject(func(d digest.Digest, info fs.FileInfo) {
		f := File{Name: v.cache.rel(v.cache.objectPath(d)), Digest: d, Size: info.Size()}
		v.total += f.Size
		list = append(list, f)
	})
	return list, err
}

// misplaced reports an object or a record outside of the folder of its name. Nobody uses it.
func (v *verifier) misplaced(path string) {
	p := Problem{Name: v.cache.rel(path), Reason: "is in the folder of others, and nobody finds it there"}
	if v.Repair && v.cache.Writable() == nil {
		p.SetAside = v.cache.moveToDamaged(path) == nil
	}
	v.add(p)
}

// objects compares objects with their digests, several in parallel.
func (v *verifier) objects(ctx context.Context, list []File) error {
	var group sync.WaitGroup
	next := make(chan File)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for f := range next {
				v.object(ctx, f)
			}
		})
	}
	for _, f := range list {
		select {
		case next <- f:
		case <-ctx.Done():
		}
	}
	close(next)
	group.Wait()
	return ctx.Err()
}

func (v *verifier) object(ctx context.Context, f File) {
	reason, aside := v.compare(ctx, v.cache.objectPath(f.Digest), f)
	if ctx.Err() != nil {
		return
	}
	if reason != "" {
		v.add(Problem{f.Name, reason, aside})
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.report.Objects++
	v.report.Bytes += f.Size
	if v.OnProgress != nil {
		v.OnProgress(v.report.Bytes, v.total)
	}
}

// compare returns the damage of an object, and whether it was set aside.
func (v *verifier) compare(ctx context.Context, path string, f File) (reason string, aside bool) {
	file, _, err := openRegular(path, os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", false // another process has set it aside
	case isUnreadable(err):
		return unreadable(err), v.setAsideUnreadable(path)
	case err != nil:
		return unreadable(err), false
	}
	defer file.Close()
	got, _, err := digest.OfReader(ctxio.Reader(ctx, file))
	switch {
	case ctx.Err() != nil:
		return "", false
	case err != nil:
		reason = unreadable(err)
	case got != f.Digest:
		reason = fmt.Sprintf("has unexpected content (digest %s)", got.Short())
	default:
		return "", false
	}
	if v.Repair {
		v.cache.setAside(f.Digest, path, file, reason)
		_, err := os.Lstat(path)
		aside = errors.Is(err, fs.ErrNotExist)
	}
	return reason, aside
}

// setAsideUnreadable moves a file that this user cannot read. Other users may, but a cache in which
// users cannot read the results of others is no shared cache.
func (v *verifier) setAsideUnreadable(path string) bool {
	return v.Repair && v.cache.Writable() == nil && v.cache.moveToDamaged(path) == nil
}

// records reads all records, and checks their objects.
func (v *verifier) records() error {
	return v.cache.eachRecord(store.ExamineRecord, func(e Entry) error {
		var newer *store.NewerFormatError
		switch {
		case e.misplaced:
			v.misplaced(e.Path)
			return nil
		case errors.As(e.Problem, &newer):
			v.report.Newer++
			return nil
		case e.Problem != nil:
			v.add(Problem{v.cache.rel(e.Path), e.Problem.Error(), v.Repair && v.setAside(e)})
		}
		v.report.Records++
		if e.Record == nil {
			return nil
		}
		if log := e.Record.Log; log != nil && v.cache.lookAt(*log) != "" {
			v.report.LostLogs++
		}
		for _, f := range e.Record.Outputs {
			if reason := v.cache.lookAt(f); reason != "" {
				v.add(Problem{Name: fmt.Sprintf("%s (%s): its output %s", e.Record.Cell, e.Key.Short(), f.Name), Reason: reason})
			}
		}
		return nil
	})
}

func (v *verifier) add(p Problem) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.report.Problems = append(v.report.Problems, p)
}

// setAside moves a damaged record to damaged/, unless another process is making it again.
func (v *verifier) setAside(e Entry) bool {
	l, err := v.cache.acquire(e.Key)
	if err != nil {
		return false
	}
	defer l.Release()
	text, _, err := readSmall(e.Path)
	switch {
	case err != nil && !isUnreadable(err):
		return false
	case err == nil:
		if _, err := store.ExamineRecord(e.Path, text, e.Key); err == nil {
			return false // it has been made again
		}
	}
	return v.cache.moveToDamaged(e.Path) == nil
}
