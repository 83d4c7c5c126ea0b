package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A web holds blobs on a server with GET, HEAD and PUT: an HTTP cache of Bazel's dialect, or the
// service of a cloud, which differ in their address and in how a request is authorized.
type web struct {
	client *http.Client

	// locate finds the address and the credentials. It is called until it succeeds.
	locate func(ctx context.Context) (*site, error)
	mu     sync.Mutex
	found  *site
}

// A site is where the blobs of a web are.
type site struct {
	base      *url.URL // blobs are at base/NAME
	onlyNew   http.Header
	putting   http.Header                        // of every PUT
	authorize func(*http.Request, content) error // adds credentials; nil: there are none
}

// maxConnections is the maximum number of requests at once.
const maxConnections = 32

// socketBuffer is small, so that what was written is soon sent: it is progress.
const socketBuffer = 256 << 10

func newWeb(locate func(context.Context) (*site, error)) *web {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true // bodies must arrive as they are
	t.MaxIdleConnsPerHost = maxConnections
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(socketBuffer)
		}
		return c, err
	}
	// Redirects are not followed: a PUT would become a GET without its content, and a password could go
	// to another server.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &web{client: &http.Client{Transport: t, CheckRedirect: stay}, locate: locate}
}

func (w *web) site(ctx context.Context) (*site, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.found == nil {
		s, err := w.locate(ctx)
		if err != nil {
			return nil, err
		}
		w.found = s
	}
	return w.found, nil
}

// do sends a request. The caller closes the body of the response, whose status is 2xx.
func (w *web) do(ctx context.Context, method, name string, c content, header http.Header) (*http.Response, error) {
	s, err := w.site(ctx)
	if err != nil {
		return nil, err
	}
	var from io.Reader
	if c.size > 0 {
		from = io.NopCloser(c) // the caller closes it
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base.JoinPath(name).String(), from)
	if err != nil {
		return nil, errors.New("the address is not valid")
	}
	req.ContentLength = c.size
	for _, h := range []http.Header{header, s.puttingIf(method)} {
		for key, values := range h {
			req.Header[key] = values
		}
	}
	req.Header.Set("User-Agent", "foil")
	if s.authorize != nil {
		if err := s.authorize(req, c); err != nil {
			return nil, err
		}
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	start, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return nil, errAbsent
	case http.StatusPreconditionFailed:
		return nil, errExists
	}
	text := statusText(resp.StatusCode, start)
	if to, err := resp.Location(); err == nil && resp.StatusCode/100 == 3 {
		text = fmt.Sprintf("the server redirects to %.200s; use that address", to.Scheme+"://"+to.Host)
	}
	return nil, &RefusedError{resp.StatusCode, text}
}

func (s *site) puttingIf(method string) http.Header {
	if method == http.MethodPut {
		return s.putting
	}
	return nil
}

// withoutURL removes the address from an error: it may hold a password.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// errorCode finds the code in an answer of a cloud. The rest of such an answer may hold secrets.
var errorCode = regexp.MustCompile(`<Code>([A-Za-z0-9]{1,64})</Code>`)

func statusText(status int, body []byte) string {
	text := strconv.Itoa(status)
	if name := http.StatusText(status); name != "" {
		text += " " + name
	}
	if m := errorCode.FindSubmatch(body); m != nil {
		text += " (" + string(m[1]) + ")"
	}
	return "the server answers " + text
}

func (w *web) get(ctx context.Context, name string) (*body, error) {
	resp, err := w.do(ctx, http.MethodGet, name, content{}, http.Header{"Accept-Encoding": {"zstd"}})
	if err != nil {
		return nil, err
	}
	switch encoding := resp.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
		page := strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "text/html")
		return &body{ReadCloser: resp.Body, page: page}, nil
	case "zstd":
		return &body{ReadCloser: resp.Body, packed: true}, nil
	default: // something on the way has changed the body, so nothing is known about the blob
		resp.Body.Close()
		return nil, fmt.Errorf("the server sends the encoding %.20q, which foil did not ask for", encoding)
	}
}

func (w *web) has(ctx context.Context, name string) (bool, error) {
	resp, err := w.do(ctx, http.MethodHead, name, content{}, nil)
	if errors.Is(err, errAbsent) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	resp.Body.Close()
	return true, nil
}

func (w *web) put(ctx context.Context, name string, c content, onlyNew bool) error {
	s, err := w.site(ctx)
	if err != nil {
		return err
	}
	h := http.Header{"Content-Type": {"application/octet-stream"}}
	if onlyNew {
		for key, values := range s.onlyNew {
			h[key] = values
		}
	}
	if c.packed {
		h.Set("Content-Encoding", "zstd")
		h.Set("X-Digest-Sizebytes", strconv.FormatInt(c.plain, 10))
	}
	resp, err := w.do(ctx, http.MethodPut, name, c, h)
	if err != nil {
		var refused *RefusedError
		if errors.As(err, &refused) && refused.Status == http.StatusConflict && onlyNew {
			return errExists
		}
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	return nil
}

// atHTTP is the site of an HTTP cache.
func atHTTP(u *url.URL) *web {
	base := *u
	base.User = nil
	base.Path = strings.TrimSuffix(base.Path, "/")
	s := &site{base: &base, onlyNew: http.Header{"If-None-Match": {"*"}}}
	if u.User != nil {
		password, _ := u.User.Password()
		s.authorize = func(r *http.Request, _ content) error {
			r.SetBasicAuth(u.User.Username(), password)
			return nil
		}
	}
	return newWeb(func(context.Context) (*site, error) { return s, nil })
}

// parameters takes the query of an address apart, and refuses unknown parameters.
func parameters(u *url.URL, known ...string) (map[string]string, error) {
	values := map[string]string{}
	for name, list := range u.Query() {
		found := false
		for _, k := range known {
			found = found || k == name
		}
		if !found || len(list) != 1 {
			return nil, fmt.Errorf("%s:// takes no parameter %.40q; it takes %s", u.Scheme, name, strings.Join(known, ", "))
		}
		values[name] = list[0]
	}
	return values, nil
}
