package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"foil/internal/digest"
)

// failing answers the first requests of a method with f.
func (s *server) failing(method string, times int, f http.HandlerFunc) *atomic.Int32 {
	var asked atomic.Int32
	s.odd = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method {
			return false
		}
		if n := asked.Add(1); int(n) > times {
			return false
		}
		f(w, r)
		return true
	}
	return &asked
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func answer(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte("a part"))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// What may pass is tried again, twice and soon, and everything else is not.
func TestRequestsAreTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		times  int
		f      http.HandlerFunc
		ok     bool
		asked  int
	}{
		"GET 503":                {"GET", 2, answer(503), true, 3},
		"GET 429":                {"GET", 1, answer(429), true, 2},
		"GET 500 for long":       {"GET", 9, answer(500), false, 3},
		"GET that hangs up":      {"GET", 2, hangUp, true, 3},
		"GET cut off":            {"GET", 2, cutOff, true, 3},
		"GET come back soon":     {"GET", 1, answer(503, "Retry-After", "0"), true, 2},
		"GET come back later":    {"GET", 1, answer(503, "Retry-After", "60"), false, 1},
		"GET come back on a day": {"GET", 1, answer(429, "Retry-After", "Fri, 31 Dec 2199 23:59:59 GMT"), false, 1},
		"GET 400":                {"GET", 1, answer(400), false, 1},
		"GET 403":                {"GET", 1, answer(403), false, 1},
		"GET 501":                {"GET", 1, answer(501), false, 1},
		"PUT 502":                {"PUT", 2, answer(502), true, 3},
		"PUT that hangs up":      {"PUT", 2, hangUp, true, 3},
		"PUT 507":                {"PUT", 1, answer(507), false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			r := opened(t, s.URL, Options{Patience: 4 * time.Second})
			text := bytes.Repeat([]byte("text "), 2000) // the first try does not read it to its end
			key := "ac/" + recordOf("work").Key.String()
			s.blobs[key] = text
			asked := s.failing(c.method, c.times, c.f)
			var got []byte
			var err error
			if c.method == "GET" {
				got, err = r.getSmall(t.Context(), key, maxEntry)
			} else {
				delete(s.blobs, key)
				err = r.put(t.Context(), key, content{ReadSeeker: bytes.NewReader(text), size: int64(len(text))}, false)
				s.mu.Lock()
				got = s.blobs[key]
				s.mu.Unlock()
			}
			if (err == nil) != c.ok || c.ok && !bytes.Equal(got, text) || errors.Is(err, ErrSlow) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if n := int(asked.Load()); n != c.asked || r.Traffic().Requests != int64(n) {
				t.Errorf("asked %d times, and %d counted", n, r.Traffic().Requests)
			}
		})
	}
}

// A bucket that is not there is not an absent record, and what cannot be written is not absent.
func TestAMissingBucketIsAnError(t *testing.T) {
	for name, f := range map[string]http.HandlerFunc{
		"NoSuchBucket": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(404)
			_, _ = w.Write([]byte("<Error><Code>NoSuchBucket</Code><Resource>secret</Resource></Error>"))
		},
		"ContainerNotFound": answer(404, "X-Ms-Error-Code", "ContainerNotFound"),
	} {
		s := newServer(t)
		s.odd = func(w http.ResponseWriter, r *http.Request) bool { f(w, r); return true }
		r := opened(t, s.URL, Options{})
		_, err := r.GetRecord(t.Context(), recordOf("work").Key)
		var refused *RefusedError
		if !errors.As(err, &refused) || !refused.IsDenied() || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := newServer(t)
	s.failing("PUT", 9, answer(404))
	_, err := opened(t, s.URL, Options{}).PutRecord(t.Context(), recordOf("work"))
	var refused *RefusedError
	if IsAbsent(err) || !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("PUT: %v", err)
	}
}

func TestAServerThatDoesNotKnowConditions(t *testing.T) {
	s := newServer(t)
	with := 0
	s.odd = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("If-None-Match") == "" {
			return false
		}
		with++
		w.WriteHeader(http.StatusNotImplemented)
		return true
	}
	r := opened(t, s.URL, Options{})
	f := putText(t, r, "content")
	for _, work := range []string{"one", "two"} {
		if _, err := r.PutRecord(t.Context(), recordOf(work, f)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.GetRecord(t.Context(), recordOf(work).Key); err != nil {
			t.Error(err)
		}
	}
	if with != 1 {
		t.Errorf("%d requests with a condition", with)
	}
}

// A slow disk of this machine is not a slow remote.
func TestSlowWritesHereAreNotTheRemotes(t *testing.T) {
	s := newServer(t)
	r := opened(t, s.URL, Options{Patience: 500 * time.Millisecond})
	f := putText(t, r, strings.Repeat("some content ", 5000))
	if err := r.Get(t.Context(), f, slowWriter(600*time.Millisecond)); err != nil {
		t.Error(err)
	}
}

type slowWriter time.Duration

func (w slowWriter) Write(p []byte) (int, error) {
	time.Sleep(time.Duration(w))
	return len(p), nil
}

// Writes do not lend a slow server time: each byte that drips is written at once.
func TestADripIsSlow(t *testing.T) {
	s := newServer(t)
	s.odd = func(w http.ResponseWriter, r *http.Request) bool {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte("x"))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(5 * time.Millisecond)
		}
		return true
	}
	f := digest.File{Digest: digest.Of([]byte("x")), Size: 1 << 20}
	if err := opened(t, s.URL, Options{Patience: 100 * time.Millisecond}).Get(t.Context(), f, &bytes.Buffer{}); !errors.Is(err, ErrSlow) {
		t.Error(err)
	}
}

// slowly finds credentials after a while.
func slowly(t *testing.T, s *server, located, fetched time.Duration) (*Remote, *atomic.Int32) {
	base, _ := url.Parse(s.URL)
	var fetches atomic.Int32
	token := newBearer(func(context.Context) (string, time.Time, error) {
		time.Sleep(fetched)
		return fmt.Sprint("Bearer ", fetches.Add(1)), time.Now().Add(time.Hour), nil
	})
	w := newWeb(func(context.Context) (*site, error) {
		time.Sleep(located)
		return &site{base: base, ready: token.ready, authorize: token.authorize}, nil
	})
	return newRemote("slow", w, true, Options{Patience: 500 * time.Millisecond}), &fetches
}

// Credentials may take longer than a request, and are found once for many requests.
func TestCredentialsHaveTheirOwnTime(t *testing.T) {
	s := newServer(t)
	s.odd = signedBy("Bearer 1")
	r, fetches := slowly(t, s, 700*time.Millisecond, 700*time.Millisecond)
	var wait sync.WaitGroup
	for range 40 {
		wait.Go(func() {
			if ok, err := r.Has(t.Context(), digest.Digest{}); ok || err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := fetches.Load(); n != 1 {
		t.Errorf("%d tokens were fetched", n)
	}
}

func TestATokenIsFetchedBeforeItExpires(t *testing.T) {
	for name, c := range map[string]struct {
		expires time.Duration
		fetches int
	}{
		"in an hour":    {time.Hour, 1},
		"soon":          {early / 2, 2},
		"long ago":      {-time.Hour, 2},
		"it never ends": {0, 1},
	} {
		n := 0
		b := newBearer(func(context.Context) (string, time.Time, error) {
			n++
			var expires time.Time
			if c.expires != 0 {
				expires = time.Now().Add(c.expires)
			}
			return "Bearer x", expires, nil
		})
		for range 2 {
			if err := b.ready(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if n != c.fetches {
			t.Errorf("%s: %d fetches", name, n)
		}
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, noCredentials("no credentials"))
	defer cancel()
	stuck := newBearer(func(context.Context) (string, time.Time, error) { select {} })
	var refused *RefusedError
	if err := stuck.ready(ctx); !errors.As(err, &refused) || !refused.IsDenied() {
		t.Errorf("credentials that never come: %v", err)
	}
}

// A file system that does not answer cannot keep a request.
func TestAFolderThatHangs(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(ErrSlow) })
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	defer read.Close()
	_ = read.Fd() // from now on it blocks, and Close does not interrupt a read
	shared := folder{t.TempDir()}
	if err := os.WriteFile(filepath.Join(shared.dir, "x"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if b, err := shared.get(t.Context(), "x"); err != nil {
		t.Error(err)
	} else if _, ok := b.ReadCloser.(timedFile); !ok {
		t.Errorf("a file is read as %T", b.ReadCloser)
	} else {
		b.Close()
	}
	if _, err := (timedFile{ctx, read}).Read(make([]byte, 10)); !errors.Is(err, ErrSlow) {
		t.Errorf("read: %v", err)
	}
	done := make(chan error, 1)
	dir, err := os.MkdirTemp("", "foil-test-") // not TempDir: a file stays open in it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	go func() {
		f := folder{dir}
		done <- f.put(ctx, "ac/x", content{ReadSeeker: stuckReader{bytes.NewReader(nil)}, size: 10}, false)
	}()
	select {
	case err := <-done:
		if !errors.Is(err, ErrSlow) {
			t.Errorf("put: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("put does not end")
	}
}

type stuckReader struct{ *bytes.Reader }

func (stuckReader) Read([]byte) (int, error) { select {} }

// Large objects are compressed in a folder of the caller's choice, two at once, and nothing is left.
func TestPackingHasAPlaceOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	var now, most, all int
	scratch := func(prefix string) (string, error) {
		mu.Lock()
		now, all = now+1, all+1
		most = max(most, now)
		mu.Unlock()
		time.Sleep(200 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		now--
		return os.MkdirTemp(dir, prefix)
	}
	r := opened(t, "file://"+filepath.ToSlash(t.TempDir()), Options{Scratch: scratch})
	text := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	var wait sync.WaitGroup
	for i := range 6 {
		text := append(bytes.Clone(text), byte(i))
		wait.Go(func() {
			f := digest.File{Digest: digest.Digest(sha256.Sum256(text)), Size: int64(len(text))}
			if err := r.putObject(t.Context(), f, bytes.NewReader(text)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	entries, _ := os.ReadDir(dir)
	if all != 6 || most > maxPacks || len(entries) != 0 {
		t.Errorf("%d were packed, %d at once, and %v is left", all, most, entries)
	}
	if n := r.Traffic().Read; n < 6*int64(len(text)) {
		t.Errorf("%d bytes of work were counted", n)
	}
	r = opened(t, "file://"+filepath.ToSlash(t.TempDir()), Options{Scratch: func(string) (string, error) { return "", os.ErrPermission }})
	f := digest.File{Digest: digest.Of(text), Size: int64(len(text))}
	if err := r.putObject(t.Context(), f, bytes.NewReader(text)); err == nil || errors.As(err, new(*RefusedError)) {
		t.Errorf("a cache that cannot be written: %v", err)
	}
}

// What is hashed for a signature is not sent twice.
func TestSentBytesAreCountedOnce(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not a secret")
	s := newServer(t)
	var sent string
	s.odd = func(_ http.ResponseWriter, r *http.Request) bool { sent = r.RequestURI; return false }
	r := opened(t, "s3://bucket/a=b+c@d:e?endpoint="+url.QueryEscape(s.URL), Options{})
	text := bytes.Repeat([]byte("x"), 1000)
	if err := r.put(t.Context(), "x", content{ReadSeeker: bytes.NewReader(text), size: 1000}, false); err != nil {
		t.Fatal(err)
	}
	if n := r.Traffic(); n.Sent != 1000 || n.Read != 1000 {
		t.Errorf("%+v", n)
	}
	// S3 computes the signature over this form of the path, and not every server is so strict.
	if sent != "/bucket/a%3Db%2Bc%40d%3Ae/x" {
		t.Errorf("%q", sent)
	}
}

// A manifest only spares requests: without one, everything else is sent.
func TestALargePlanIsLeftOut(t *testing.T) {
	defer func(n int) { maxPlan = n }(maxPlan)
	maxPlan = 200
	r := opened(t, "file://"+filepath.ToSlash(t.TempDir()), Options{})
	p, id := NewPlan(), recordOf("plan").Key
	if _, _, err := r.AddRecord(t.Context(), p, recordOf("work")); err != nil {
		t.Fatal(err)
	}
	if err := r.PutPlan(t.Context(), id, p); err != nil {
		t.Error(err)
	}
	if _, err := r.GetPlan(t.Context(), id); !IsAbsent(err) {
		t.Errorf("got %v", err)
	}
}

// A folder that cannot be written, or is full, is like a server that refuses.
func TestAFolderRefuses(t *testing.T) {
	for cause, want := range map[error]int{
		syscall.EACCES: http.StatusForbidden, syscall.EPERM: http.StatusForbidden, syscall.EROFS: http.StatusForbidden,
		syscall.ENOSPC: http.StatusInsufficientStorage, syscall.EDQUOT: http.StatusInsufficientStorage,
		syscall.EIO: 0,
	} {
		err := refusal(&os.PathError{Op: "open", Path: "/shared/x", Err: cause})
		var refused *RefusedError
		if errors.As(err, &refused) != (want != 0) || want != 0 && (refused.Status != want || !strings.Contains(err.Error(), "/shared/x")) {
			t.Errorf("%v: %v", cause, err)
		}
	}
	if refusal(nil) != nil {
		t.Error("nil")
	}
}
