package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foil/internal/digest"
)

// published is the content of a file, and what people know of it.
var published = strings.Repeat("0123456789", 30_000)

func original(url string) Original {
	return Original{Name: "x.zip", URL: url, Size: int64(len(published)), Digest: digest.Of([]byte(published))}
}

// left is the content of the files beside path, hidden ones included; "part" is the parked one.
func left(t *testing.T, path string) map[string]string {
	t.Helper()
	files := map[string]string{}
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		name := e.Name()
		if name == filepath.Base(parkedName(path)) {
			name = "part"
		}
		files[name] = string(b)
	}
	return files
}

// served answers one request after the other with the next function, and then with the last one.
type served struct {
	*httptest.Server
	asked []string // the ranges
}

func serve(t *testing.T, answers ...http.HandlerFunc) *served {
	s := &served{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, strings.TrimSpace(r.Header.Get("Range")+" "+r.Header.Get("If-Range")))
		answers[min(len(s.asked), len(answers))-1](w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// whole serves ranges of the published file.
func whole(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"v1"`)
	http.ServeContent(w, r, "x.zip", time.Time{}, strings.NewReader(published))
}

// cut announces the rest of the file, and breaks the connection after so many bytes.
func cut(after int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		whole(&cutting{ResponseWriter: w, left: after}, r)
	}
}

type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b[:min(len(b), c.left)])
	if c.left -= n; c.left == 0 {
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func text(content string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		io.WriteString(w, content)
	}
}

// chunked sends content without its length, and then fails if it is to.
func chunked(content string, abort bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/zip")
		io.WriteString(w, content)
		w.(http.Flusher).Flush()
		if abort {
			panic(http.ErrAbortHandler)
		}
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		w.Write([]byte(published))
	}
}

func TestDownloads(t *testing.T) {
	other := serve(t, whole)
	for _, c := range []struct {
		name    string
		answers []http.HandlerFunc
		want    string // "": it succeeds
		kept    int    // bytes
	}{
		{"whole", []http.HandlerFunc{whole}, "", 0},
		{"without a length", []http.HandlerFunc{chunked(published, false)}, "", 0},
		{"elsewhere", []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }}, "", 0},
		{"cut off once", []http.HandlerFunc{cut(1000), whole}, "", 0},
		{"cut off at the first byte", []http.HandlerFunc{cut(1), whole}, "", 0},
		{"cut off often", []http.HandlerFunc{cut(1000), cut(99_000), cut(99_999), cut(100_000), whole}, "", 0},
		{"cut off, and no ranges", []http.HandlerFunc{chunked(published[:1000], true), chunked(published, false)}, "", 0},
		{"cut off, and a bad range", []http.HandlerFunc{cut(1000), status(206, "Content-Range", "bytes 0-9/10"), whole}, "", 0},
		{"cut off, and no such range", []http.HandlerFunc{cut(1000), status(416), whole}, "", 0},

		{"cut off for good", []http.HandlerFunc{cut(1000), cut(500), status(503)}, "the server answered 503", 1500},
		{"cut off without progress", []http.HandlerFunc{chunked(published[:1000], true)}, "the connection broke: unexpected EOF", 1000},
		{"cut off too often", []http.HandlerFunc{cut(1000)}, "the connection broke 10 times", 10_000},
		{"shorter, without a length", []http.HandlerFunc{chunked(published[:5000], false)}, "the connection broke: unexpected EOF", 5000},
		{"another file of that size", []http.HandlerFunc{text("x"+published[1:], "Content-Type", "application/zip")}, "but the published file has", 0},
		{"another file that is shorter", []http.HandlerFunc{text("please log in")}, "the server announces 13 bytes, but the published file has 300000", 0},
		{"another file that is longer", []http.HandlerFunc{text(published+"x", "Content-Length", "300001")}, "the server announces 300001 bytes, but the published file has 300000", 0},
		{"longer, without a length", []http.HandlerFunc{chunked(published+"x", false)}, "the server sends more than the 300000 bytes", 0},
		{"endless", []http.HandlerFunc{endless}, "the server sends more than the 300000 bytes", 0},
		{"a web page", []http.HandlerFunc{text("<html>Please log in</html>", "Content-Type", "text/html; charset=utf-8")}, "an HTML page instead of the file", 0},
		{"a web page of that size", []http.HandlerFunc{text(published, "Content-Type", "text/html")}, "an HTML page instead of the file", 0},
		{"compressed", []http.HandlerFunc{text(published, "Content-Encoding", "gzip", "Content-Type", "application/zip")}, `in the encoding "gzip"`, 0},
		{"a part that was not asked for", []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(206); w.Write([]byte(published)) }}, "the server sends the part", 0},
		{"missing", []http.HandlerFunc{http.NotFound}, "the server answered 404 Not Found", 0},
		{"a local file", []http.HandlerFunc{status(302, "Location", "file:///etc/passwd")}, "unsupported protocol scheme", 0},
		{"in a circle", []http.HandlerFunc{status(302, "Location", "/x")}, "stopped after 10 redirects", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.answers...)
			var last int64
			d := Downloader{Progress: func(done, total int64) {
				if last = done; done > total {
					t.Errorf("%d of %d bytes", done, total)
				}
			}}
			path := filepath.Join(t.TempDir(), "downloads", "x.zip")
			err := d.Fetch(t.Context(), original(s.URL), path)
			if c.want == "" {
				if files := left(t, path); err != nil || len(files) != 1 || files["x.zip"] != published || last != int64(len(published)) {
					t.Errorf("%v, progress %d, %d files", err, last, len(files))
				}
				return
			}
			kept := "nothing was kept"
			if c.kept > 0 {
				kept = fmt.Sprintf("%d of 300000 bytes have arrived and are kept", c.kept)
			}
			for _, want := range []string{c.want, s.URL, kept} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error is %v, wants %q", err, want)
				}
			}
			files := left(t, path)
			if len(files["part"]) != c.kept || (len(files) == 1) != (c.kept > 0) {
				t.Errorf("%d files are left, and %d bytes are kept", len(files), len(files["part"]))
			}
			if c.kept > 0 { // another run continues there
				s := serve(t, whole)
				if err := (Downloader{}).Fetch(t.Context(), original(s.URL), path); err != nil || s.asked[0] != fmt.Sprintf("bytes=%d-", c.kept) {
					t.Errorf("%v, asked for %q", err, s.asked)
				}
				if files := left(t, path); len(files) != 1 || files["x.zip"] != published {
					t.Errorf("%d files", len(files))
				}
			}
		})
	}
}

func TestContinuedDownloadNamesTheVersion(t *testing.T) {
	s := serve(t, cut(1000), whole)
	if err := (Downloader{}).Fetch(t.Context(), original(s.URL), filepath.Join(t.TempDir(), "x.zip")); err != nil {
		t.Fatal(err)
	}
	if len(s.asked) != 2 || s.asked[0] != "" || s.asked[1] != `bytes=1000- "v1"` {
		t.Errorf("asked for %q", s.asked)
	}
}

func TestNoServerIsAnError(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	err := Downloader{}.Fetch(t.Context(), original(gone.URL), filepath.Join(t.TempDir(), "x.zip"))
	if err == nil || !strings.Contains(err.Error(), "refused") || !strings.Contains(err.Error(), gone.URL) {
		t.Error(err)
	}
}

// What is left of earlier downloads is continued or removed, whatever it is.
func TestLeftoversAreContinuedOrReplaced(t *testing.T) {
	old := time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		parked, abandoned string
		asked             string
	}{
		"parked":                {published[:1000], "", "bytes=1000-"},
		"abandoned":             {"", published[:2000], "bytes=2000-"},
		"both":                  {published[:1000], published[:2000], "bytes=1000-"},
		"complete":              {published, "", ""},
		"of another file":       {"xxxx", "", "bytes=4-"},
		"complete, but another": {strings.Repeat("x", len(published)), "", ""},
		"too long":              {published + "x", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.zip")
			write := func(name, content string) {
				if content == "" {
					return
				}
				if err := errors.Join(os.WriteFile(name, []byte(content), 0o666), os.Chtimes(name, old, old)); err != nil {
					t.Fatal(err)
				}
			}
			write(parkedName(path), c.parked)
			write(filepath.Join(filepath.Dir(path), ".x.zip.abc"), c.abandoned)
			s := serve(t, whole)
			err := Downloader{}.Fetch(t.Context(), original(s.URL), path)
			if files := left(t, path); err != nil || len(files) != 1 || files["x.zip"] != published {
				t.Errorf("%v, %d files", err, len(files))
			}
			if asked := strings.Join(s.asked, ", "); asked != c.asked && !strings.HasPrefix(asked, c.asked+", ") {
				t.Errorf("asked for %q", s.asked)
			}
		})
	}
}

func TestOtherFilesInTheFolderStay(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"y.zip", ".y.zip.part", ".x.zipper", "x.zip.old"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(name), 0o666), os.Chtimes(path, old, old)); err != nil {
			t.Fatal(err)
		}
	}
	// The file of a download that goes on.
	if err := os.WriteFile(filepath.Join(dir, ".x.zip.abc"), []byte(published[:10]), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "y.zip"), filepath.Join(dir, ".x.zip.part")); err != nil {
		t.Skip(err)
	}
	s := serve(t, whole)
	if err := (Downloader{}).Fetch(t.Context(), original(s.URL), filepath.Join(dir, "x.zip")); err != nil {
		t.Fatal(err)
	}
	files := left(t, filepath.Join(dir, "x.zip"))
	if len(files) != 7 || files["y.zip"] != "y.zip" || files[".x.zip.abc"] != published[:10] || s.asked[0] != "" {
		t.Errorf("%d files, asked for %q", len(files), s.asked)
	}
}

func TestTwoDownloadsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.zip")
	s := httptest.NewServer(http.HandlerFunc(whole))
	defer s.Close()
	errs := make(chan error)
	for range 4 {
		go func() { errs <- Downloader{}.Fetch(context.Background(), original(s.URL), path) }()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if files := left(t, path); len(files) != 1 || files["x.zip"] != published {
		t.Errorf("%d files", len(files))
	}
}

func TestInterruptedDownloadIsContinued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.zip")
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(published)))
		io.WriteString(w, published[:1000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, whole)
	ctx, cancel := context.WithCancel(t.Context())
	d := Downloader{Progress: func(_, _ int64) { cancel() }}
	if err := d.Fetch(ctx, original(s.URL), path); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if files := left(t, path); len(files) != 1 || files["part"] != published[:1000] {
		t.Errorf("left: %d files", len(files))
	}
	if err := (Downloader{}).Fetch(t.Context(), original(s.URL), path); err != nil || s.asked[1] != "bytes=1000-" {
		t.Errorf("%v, asked for %q", err, s.asked)
	}
}

// A slow transport answers with the published file, at a rate.
type slow struct {
	bytes int // at a time
	every time.Duration
	stop  int // nothing comes after so many bytes
}

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	body := &slowBody{slow: s, ctx: r.Context(), rest: []byte(published)}
	return &http.Response{StatusCode: 200, Status: "200 OK", Header: http.Header{}, ContentLength: int64(len(published)), Body: io.NopCloser(body)}, nil
}

type slowBody struct {
	slow
	ctx  context.Context
	rest []byte
}

func (s *slowBody) Read(p []byte) (int, error) {
	wait := time.After(s.every)
	if len(published)-len(s.rest) >= s.stop {
		wait = nil
	}
	select {
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	case <-wait:
	}
	n := copy(p, s.rest[:min(len(s.rest), s.bytes)])
	s.rest = s.rest[n:]
	if len(s.rest) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// The time is that of synctest, not a real one.
func TestOnlyProgressKeepsADownloadAlive(t *testing.T) {
	const never = 1 << 30
	for name, c := range map[string]struct {
		transport slow
		want      string
		takes     time.Duration
	}{
		"fast":                     {slow{1 << 20, time.Millisecond, never}, "", 5 * time.Millisecond},
		"two kilobytes a second":   {slow{2048, time.Second, never}, "", 147 * time.Second},
		"pauses":                   {slow{100_000, 29 * time.Second, never}, "", 145 * time.Second},
		"nothing at all":           {slow{1, time.Second, 0}, "no data received for 30s", 30 * time.Second},
		"nothing after a while":    {slow{100_000, time.Second, 100_000}, "no data received for 30s", 32 * time.Second},
		"a byte a second":          {slow{1, time.Second, never}, "bytes received in 30s, which is too slow", 30 * time.Second},
		"a hundred bytes a second": {slow{100, time.Second, never}, "bytes received in 30s, which is too slow", 30 * time.Second},
		"longer pauses":            {slow{100_000, 31 * time.Second, never}, "no data received for 30s", 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				err := Downloader{Client: &http.Client{Transport: c.transport}}.Fetch(t.Context(), original("http://x/x.zip"), filepath.Join(dir, "x.zip"))
				if took := time.Since(start); took != c.takes {
					t.Errorf("it took %v, not %v", took, c.takes)
				}
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("error is %v, wants %q", err, c.want)
				}
			})
		})
	}
}

func TestFullDiskKeepsNothing(t *testing.T) {
	p, err := openPartial(filepath.Join(t.TempDir(), "x.zip"), int64(len(published)), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	p.Write([]byte(published[:10]))
	p.file.Close() // writing fails
	s := serve(t, whole)
	err = Downloader{Client: http.DefaultClient, Stall: time.Minute}.finish(t.Context(), original(s.URL), p)
	if err == nil || !strings.Contains(err.Error(), "nothing was kept") {
		t.Error(err)
	}
	if files := left(t, p.path); len(files) != 0 {
		t.Errorf("%d files", len(files))
	}
}

func TestADownloadThatIsMadeOnceKeepsNothing(t *testing.T) {
	s := serve(t, chunked(published[:1000], true))
	path := filepath.Join(t.TempDir(), "x.zip")
	err := Downloader{Once: true}.Fetch(t.Context(), original(s.URL), path)
	if err == nil || !strings.Contains(err.Error(), "nothing was kept") || len(left(t, path)) != 0 {
		t.Errorf("%v, %d files", err, len(left(t, path)))
	}
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 10-299999/300000", int64(299_990), 206)
	f.Add("", int64(-1), 200)
	f.Fuzz(func(t *testing.T, header string, length int64, code int) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(parkedName(path), []byte(published[:10]), 0o666); err != nil {
			t.Fatal(err)
		}
		p, err := openPartial(path, int64(len(published)), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		defer p.park(false)
		res := &http.Response{StatusCode: code, Header: http.Header{"Content-Range": {header}}, ContentLength: length, Body: io.NopCloser(&bytes.Buffer{})}
		switch err := p.agree(res); {
		case err != nil && p.size != 10, err == nil && code != 200 && code != 206, err == nil && length >= 0 && p.size+length != p.complete:
			t.Errorf("%v, %d bytes", err, p.size)
		}
	})
}
