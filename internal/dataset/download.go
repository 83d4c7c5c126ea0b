package dataset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"foil/internal/access"
	"foil/internal/digest"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// An Original is a published file.
type Original struct {
	Name   string
	URL    string
	Digest digest.Digest
}

// MovieLens1M is the archive that GroupLens publishes (its MD5 there:
// c4d9eecfca2ab87c1945afe126590906).
var MovieLens1M = Original{
	Name:   "ml-1m.zip",
	URL:    "https://files.grouplens.org/datasets/movielens/ml-1m.zip",
	Digest: mustDigest("a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20"),
}

func mustDigest(hex string) (d digest.Digest) {
	if err := d.UnmarshalText([]byte(hex)); err != nil {
		panic(err)
	}
	return d
}

// errStalled is the cause if no byte arrived within the time limit of a Downloader.
var errStalled = errors.New("no data received")

// A Downloader fetches originals.
type Downloader struct {
	Client   *http.Client            // nil is http.DefaultClient
	Stall    time.Duration           // gives up after that long without a byte; 0 is 30 s
	Progress func(done, total int64) // total is 0 when unknown; may be nil
}

// Fetch downloads o to path. Other processes see either the complete, checked file or no file.
func (d Downloader) Fetch(ctx context.Context, o Original, path string) (err error) {
	if d.Client == nil {
		d.Client = http.DefaultClient
	}
	if d.Stall == 0 {
		d.Stall = 30 * time.Second
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", o.URL, err)
		}
	}()
	a, err := access.Above(path)
	if err != nil {
		return err
	}
	if err := a.MkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing after the rename
	defer f.Close()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(d.Stall, func() { cancel(fmt.Errorf("%w for %v", errStalled, d.Stall)) })
	defer stall.Stop()
	digest, err := d.copy(ctx, o.URL, f, func() { stall.Reset(d.Stall) })
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	if digest != o.Digest {
		return fmt.Errorf("the downloaded file has the SHA-256 %v, but the published file has %v; a proxy may have replaced it; nothing was kept", digest, o.Digest)
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	a.Share(f.Name()) // a temporary file is private
	return os.Rename(f.Name(), path)
}

// copy writes the response to w, and calls alive after every read.
func (d Downloader) copy(ctx context.Context, url string, w io.Writer, alive func()) (digest.Digest, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return digest.Digest{}, err
	}
	res, err := d.Client.Do(req)
	if err != nil {
		return digest.Digest{}, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return digest.Digest{}, fmt.Errorf("the server answered %s", res.Status)
	}
	h := sha256.New()
	var done int64
	buf := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(buf)
		if n > 0 {
			alive()
			h.Write(buf[:n])
			if _, err := w.Write(buf[:n]); err != nil {
				return digest.Digest{}, err
			}
			done += int64(n)
			if d.Progress != nil {
				d.Progress(done, max(res.ContentLength, 0))
			}
		}
		if err == io.EOF {
			return digest.Digest(h.Sum(nil)), nil
		}
		if err != nil {
			return digest.Digest{}, err
		}
	}
}
