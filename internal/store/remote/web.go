package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A web holds blobs on a server with GET, HEAD and PUT: an HTTP cache of Bazel's dialect, or the
// service of a cloud, which differ in their address and in how a request is authorized.
type web struct {
	client *http.Client

	// locate finds the address and where credentials come from. It is called until it succeeds.
	locate  func(ctx context.Context) (*site, error)
	finding chan struct{} // who locates
	found   atomic.Pointer[site]

	// noCondition: the server does not know the headers of onlyNew.
	noCondition atomic.Bool
}

// A site is where the blobs of a web are.
type site struct {
	base      *url.URL // blobs are at base/NAME
	onlyNew   http.Header
	putting   http.Header                        // of every PUT
	ready     func(context.Context) error        // finds credentials, and keeps them; nil: there is nothing to find
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
	return &web{client: &http.Client{Transport: t, CheckRedirect: stay}, locate: locate, finding: make(chan struct{}, 1)}
}

func (w *web) ready(ctx context.Context) error {
	s := w.found.Load()
	if s != nil && s.ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, credentialPatience, noCredentials("no credentials were found within %s", credentialPatience))
	defer cancel()
	if s == nil {
		var err error
		if s, err = w.site(ctx); err != nil || s.ready == nil {
			return err
		}
	}
	found, err := inTime(ctx, func() error { return s.ready(ctx) }, func(error) {})
	return because(ctx, cmp.Or(err, found))
}

func (w *web) site(ctx context.Context) (*site, error) {
	select {
	case w.finding <- struct{}{}:
		defer func() { <-w.finding }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if s := w.found.Load(); s != nil {
		return s, nil
	}
	type answer struct {
		s   *site
		err error
	}
	a, err := inTime(ctx, func() answer {
		s, err := w.locate(ctx)
		return answer{s, err}
	}, func(answer) {})
	if err = cmp.Or(err, a.err); err != nil {
		return nil, because(ctx, err)
	}
	w.found.Store(a.s)
	return a.s, nil
}

// A sentBody is the body of a request. The client may read it until it closes it.
type sentBody struct {
	io.Reader
	closed chan struct{}
	close  func()
}

func newSentBody(r io.Reader) *sentBody {
	closed := make(chan struct{})
	return &sentBody{r, closed, sync.OnceFunc(func() { close(closed) })}
}

func (b *sentBody) Close() error { b.close(); return nil }

// do sends a request, after ready. The caller closes the body of the response, whose status is 2xx.
// After an error nobody reads the content any more, unless ctx is done.
func (w *web) do(ctx context.Context, method, name string, c content, header http.Header) (*http.Response, error) {
	s := w.found.Load()
	var from io.Reader
	if c.size > 0 {
		body := newSentBody(c)
		from = body
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
	if err == nil && resp.StatusCode/100 == 2 {
		return resp, nil
	}
	var start []byte
	if err == nil {
		start, _ = io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		resp.Body.Close()
	}
	if body, ok := from.(*sentBody); ok {
		select {
		case <-body.closed:
		case <-ctx.Done():
		}
	}
	if err != nil {
		return nil, withoutURL(err)
	}
	code := errorCode(resp.Header, start)
	switch {
	case resp.StatusCode == http.StatusPreconditionFailed:
		return nil, errExists
	case resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusGone:
	case method == http.MethodPut, slices.Contains(noPlace, code):
	default:
		return nil, errAbsent
	}
	text := statusText(resp.StatusCode, code)
	if to, err := resp.Location(); err == nil && resp.StatusCode/100 == 3 {
		text = fmt.Sprintf("the server redirects to %.200s; use that address", to.Scheme+"://"+to.Host)
	}
	return nil, &RefusedError{resp.StatusCode, text, retryAfter(resp.Header)}
}

// retryAfter is the time that a server asks to wait.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if when, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(when))
	}
	return 0
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

// noPlace are the codes of clouds for a bucket or container that is not there.
var noPlace = []string{"NoSuchBucket", "ContainerNotFound"}

var codes = regexp.MustCompile(`<Code>([A-Za-z0-9]{1,64})</Code>`)

// errorCode is the code in an answer of a cloud. The rest of such an answer may hold secrets.
func errorCode(h http.Header, body []byte) string {
	if code := h.Get("X-Ms-Error-Code"); codes.MatchString("<Code>" + code + "</Code>") {
		return code
	}
	if m := codes.FindSubmatch(body); m != nil {
		return string(m[1])
	}
	return ""
}

func statusText(status int, code string) string {
	text := strconv.Itoa(status)
	if name := http.StatusText(status); name != "" {
		text += " " + name
	}
	if code != "" {
		text += " (" + code + ")"
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
	h := http.Header{"Content-Type": {"application/octet-stream"}}
	condition := onlyNew && !w.noCondition.Load()
	if condition {
		for key, values := range w.found.Load().onlyNew {
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
		if errors.As(err, &refused) && condition {
			switch refused.Status {
			case http.StatusConflict:
				return errExists
			case http.StatusNotImplemented: // some servers with the API of S3
				w.noCondition.Store(true)
				if _, err := c.Seek(0, io.SeekStart); err != nil {
					return err
				}
				return w.put(ctx, name, c, false)
			}
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
