package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync/atomic"
	"time"

	"foil/internal/digest"
)

// An Original is a published file.
type Original struct {
	Name   string
	URL    string
	Size   int64
	Digest digest.Digest
}

// MovieLens1M is the archive that GroupLens publishes (its MD5 there:
// c4d9eecfca2ab87c1945afe126590906).
var MovieLens1M = Original{
	Name:   "ml-1m.zip",
	URL:    "https://files.grouplens.org/datasets/movielens/ml-1m.zip",
	Size:   5_917_549,
	Digest: mustDigest("a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20"),
}

func mustDigest(hex string) (d digest.Digest) {
	if err := d.UnmarshalText([]byte(hex)); err != nil {
		panic(err)
	}
	return d
}

// A Downloader fetches originals.
type Downloader struct {
	Client *http.Client // nil is http.DefaultClient

	// Stall is the time after which a download without progress fails; 0 is 30 s. There is no limit
	// on the whole time. Less than leastRate is no progress.
	Stall time.Duration

	Progress func(done, total int64) // bytes; may be nil

	// Once means that nothing is kept of a download that is interrupted.
	Once bool
}

const (
	leastRate = 1 << 10 // bytes per second

	// maxRequests is the number of times that one download is continued after the connection broke.
	maxRequests = 10
)

// Fetch downloads o to path. Other processes see either the complete, checked file or no file. What
// an interrupted download has received is kept beside path, and the next one continues there.
func (d Downloader) Fetch(ctx context.Context, o Original, path string) error {
	if d.Client == nil {
		d.Client = http.DefaultClient
	}
	if d.Stall == 0 {
		d.Stall = 30 * time.Second
	}
	p, err := openPartial(path, o.Size, 4*d.Stall)
	if err != nil {
		return err
	}
	return d.finish(ctx, o, p)
}

// finish fills p, and names it or keeps it for another download.
func (d Downloader) finish(ctx context.Context, o Original, p *partial) error {
	err := d.fetch(ctx, o, p)
	if err == nil {
		return p.publish()
	}
	// A file that cannot be written may have filled the disk.
	kept := p.park(!d.Once && !errors.As(err, new(*wrongContent)) && !errors.As(err, new(*fs.PathError)))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	state := "nothing was kept"
	if kept {
		state = fmt.Sprintf("%d of %d bytes have arrived and are kept; another run continues there", p.size, o.Size)
	}
	return fmt.Errorf("%s: %w; %s", o.URL, err, state)
}

// fetch fills p with the published file.
func (d Downloader) fetch(ctx context.Context, o Original, p *partial) error {
	for range maxRequests {
		before := p.size
		err := d.request(ctx, o, p)
		switch {
		case err == nil:
			got := p.digest()
			if got == o.Digest {
				return nil
			}
			if !p.joined {
				return &wrongContent{fmt.Sprintf("the downloaded file has the SHA-256 %v, but the published file has %v; a proxy may have replaced it", got, o.Digest)}
			}
			err = p.restart() // its parts may be those of different files
		case errors.As(err, new(*badRange)) && p.size > 0:
			err = p.restart() // and ask for all of it
		case errors.As(err, new(*brokenConnection)) && p.size > before:
			err = nil // go on from there
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("the connection broke %d times", maxRequests)
}

// A wrongContent is the error for content that is not that of the published file. None of it is
// kept.
type wrongContent struct{ what string }

func (e *wrongContent) Error() string { return e.what }

// A brokenConnection is the error for content that is not complete. The download can be continued.
type brokenConnection struct{ err error }

func (e *brokenConnection) Error() string { return fmt.Sprintf("the connection broke: %v", e.err) }
func (e *brokenConnection) Unwrap() error { return e.err }

// A watch cancels a context if fewer than `least` bytes arrive within a time.
type watch struct {
	timer *time.Timer
	time  time.Duration
	least int64
	bytes atomic.Int64 // since the timer was started
}

// stalled is the cause of a context that a watch has cancelled.
type stalled struct {
	time  time.Duration
	bytes int64
}

func (e *stalled) Error() string {
	if e.bytes == 0 {
		return fmt.Sprintf("no data received for %v", e.time)
	}
	return fmt.Sprintf("only %d bytes received in %v, which is too slow", e.bytes, e.time)
}

func newWatch(ctx context.Context, limit time.Duration) (*watch, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{time: limit, least: max(1, int64(limit.Seconds()*leastRate))}
	w.timer = time.AfterFunc(limit, func() { cancel(&stalled{limit, w.bytes.Load()}) })
	return w, ctx
}

func (w *watch) saw(bytes int) {
	if w.bytes.Add(int64(bytes)) >= w.least {
		w.bytes.Store(0)
		w.timer.Reset(w.time)
	}
}

func (w *watch) stop() { w.timer.Stop() }
