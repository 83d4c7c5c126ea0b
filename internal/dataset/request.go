package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// request asks for the rest of a file and adds it to p. The error is nil if p is complete then.
func (d Downloader) request(ctx context.Context, o Original, p *partial) error {
	if p.size == o.Size {
		return nil
	}
	watch, ctx := newWatch(ctx, d.Stall)
	defer watch.stop()
	err := d.receive(ctx, o, p, watch)
	if err != nil && ctx.Err() != nil { // the error is a consequence
		return context.Cause(ctx)
	}
	return err
}

func (d Downloader) receive(ctx context.Context, o Original, p *partial, w *watch) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.URL, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Encoding", "identity") // the file itself, as published
	if p.size > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", p.size))
		if p.etag != "" {
			req.Header.Set("If-Range", p.etag)
		}
	}
	res, err := d.Client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := p.agree(res); err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(buf)
		if p.size+int64(n) > o.Size {
			return &wrongContent{fmt.Sprintf("the server sends more than the %d bytes of the published file", o.Size)}
		}
		if n > 0 {
			w.saw(n)
			if _, err := p.Write(buf[:n]); err != nil {
				return err
			}
			if d.Progress != nil {
				d.Progress(p.size, o.Size)
			}
		}
		switch {
		case err == io.EOF && p.size < o.Size:
			return &brokenConnection{io.ErrUnexpectedEOF}
		case err == io.EOF:
			return nil
		case err != nil:
			return &brokenConnection{err}
		}
	}
}

// agree checks that a response is the content of p from its end on. If it is the content from the
// beginning, p starts again. After an error, p is as it was.
func (p *partial) agree(res *http.Response) error {
	from := p.size
	switch res.StatusCode {
	case http.StatusOK: // also if the server knows no ranges, or if the file there has changed
		from = 0
	case http.StatusPartialContent:
		want := fmt.Sprintf("bytes %d-%d/%d", p.size, p.complete-1, p.complete)
		if got := res.Header.Get("Content-Range"); p.size == 0 || got != want {
			return &badRange{fmt.Sprintf("the server sends the part %q of the file instead of %q", got, want)}
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return &badRange{fmt.Sprintf("the server does not have %d bytes of the file", p.complete)}
	default:
		return fmt.Errorf("the server answered %s", res.Status)
	}
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind == "text/html" {
		return errors.New("the server answered with an HTML page instead of the file; it may be the login page of a network")
	}
	if coding := res.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return fmt.Errorf("the server sends the file in the encoding %q and not as it is", coding)
	}
	if n := res.ContentLength; n >= 0 && n != p.complete-from {
		return fmt.Errorf("the server announces %d bytes, but the published file has %d", from+n, p.complete)
	}
	if from == 0 {
		if err := p.restart(); err != nil {
			return err
		}
	}
	p.joined = from > 0
	// A weak one (W/...) does not stand for the same bytes.
	if p.etag = res.Header.Get("ETag"); !strings.HasPrefix(p.etag, `"`) {
		p.etag = ""
	}
	return nil
}

// A badRange is the error for a response that does not continue a file.
type badRange struct{ what string }

func (e *badRange) Error() string { return e.what }
