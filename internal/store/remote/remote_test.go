package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"foil/internal/digest"
	"foil/internal/store"
)

// A server is an HTTP cache of Bazel's dialect in memory.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	blobs    map[string][]byte
	requests []string

	zstd   bool // it unpacks what it is sent, and packs what it sends
	strict bool // it compares objects with their digests, and answers If-None-Match

	// odd answers some requests in another way. It returns whether it did.
	odd func(w http.ResponseWriter, r *http.Request) bool
}

func newServer(t *testing.T) *server {
	s := &server{blobs: map[string][]byte{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+path.Dir(name))
	odd := s.odd
	s.mu.Unlock()
	if odd != nil && odd(w, r) {
		return
	}
	s.mu.Lock()
	text, ok := s.blobs[name]
	s.mu.Unlock()
	switch {
	case r.Method == http.MethodPut:
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if s.zstd && r.Header.Get("Content-Encoding") == "zstd" {
			z, _ := zstd.NewReader(bytes.NewReader(sent))
			sent, _ = io.ReadAll(z)
			z.Close()
		}
		sum := sha256.Sum256(sent)
		if s.strict && strings.HasPrefix(name, "cas/") && hex.EncodeToString(sum[:]) != path.Base(name) {
			http.Error(w, "wrong digest", http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.blobs[name]; ok && s.strict && r.Header.Get("If-None-Match") == "*" {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		s.blobs[name] = sent
	case !ok:
		http.NotFound(w, r)
	case s.zstd && strings.Contains(r.Header.Get("Accept-Encoding"), "zstd"):
		w.Header().Set("Content-Encoding", "zstd")
		z, _ := zstd.NewWriter(w)
		_, _ = z.Write(text)
		z.Close()
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(text)
	}
}

// A place is a remote under test.
type place struct {
	open   func(opts Options) *Remote
	change func(kind string, change func([]byte) []byte) // all blobs of a kind: cas or ac; nil removes them
}

func folderPlace(t *testing.T) place {
	dir := filepath.Join(t.TempDir(), "shared")
	return place{
		open: func(o Options) *Remote { return opened(t, "file://"+filepath.ToSlash(dir), o) },
		change: func(kind string, change func([]byte) []byte) {
			_ = filepath.WalkDir(filepath.Join(dir, kind), func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				text, _ := os.ReadFile(path)
				os.Remove(path)
				if text = change(text); text != nil {
					return os.WriteFile(path, text, 0o666)
				}
				return nil
			})
		},
	}
}

func serverPlace(t *testing.T, s *server, address string) place {
	return place{
		open: func(o Options) *Remote { return opened(t, address, o) },
		change: func(kind string, change func([]byte) []byte) {
			s.mu.Lock()
			defer s.mu.Unlock()
			for name, text := range s.blobs {
				if strings.HasPrefix(name, kind+"/") || strings.Contains(name, "/"+kind+"/") {
					if s.blobs[name] = change(text); s.blobs[name] == nil {
						delete(s.blobs, name)
					}
				}
			}
		},
	}
}

func opened(t *testing.T, address string, o Options) *Remote {
	t.Helper()
	r, err := Open(address, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// places are all kinds of remotes. The clouds are servers in memory that do not look at credentials.
func places(t *testing.T) map[string]func(*testing.T) place {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not a secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", "bm90IGEgc2VjcmV0")
	web := func(change func(*server), address func(*server) string) func(*testing.T) place {
		return func(t *testing.T) place {
			s := newServer(t)
			change(s)
			return serverPlace(t, s, address(s))
		}
	}
	plain := func(s *server) string { return s.URL + "/" }
	return map[string]func(*testing.T) place{
		"file":             folderPlace,
		"http":             web(func(*server) {}, plain),
		"http strict":      web(func(s *server) { s.strict = true }, plain),
		"http strict zstd": web(func(s *server) { s.strict, s.zstd = true, true }, plain),
		"http prefix":      web(func(*server) {}, func(s *server) string { return s.URL + "/some/where" }),
		"s3": web(func(s *server) { s.odd = signedBy("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") }, func(s *server) string {
			return "s3://bucket/prefix?endpoint=" + url.QueryEscape(s.URL)
		}),
		"azblob": web(func(s *server) { s.odd = signedBy("SharedKey account:") }, func(s *server) string {
			return "azblob://container?endpoint=" + url.QueryEscape(s.URL)
		}),
		"gs": func(t *testing.T) place {
			s := newServer(t)
			t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(s.URL, "http://"))
			return serverPlace(t, s, "gs://bucket/prefix")
		},
	}
}

// signedBy refuses requests without credentials of a kind.
func signedBy(prefix string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		ok := strings.HasPrefix(r.Header.Get("Authorization"), prefix)
		if !ok {
			w.WriteHeader(http.StatusForbidden)
		}
		return !ok
	}
}

func TestPlacesKeepTheContract(t *testing.T) {
	for name, fresh := range places(t) {
		t.Run(name, func(t *testing.T) { testPromises(t, fresh) })
	}
}

// testPromises tests what every remote promises, each promise in a place of its own.
func testPromises(t *testing.T, fresh func(*testing.T) place) {
	for name, promise := range map[string]func(*testing.T, place){
		"what is not there is absent":     absent,
		"objects come back":               objectsComeBack,
		"damaged objects are refused":     damagedObjects,
		"records come back":               recordsComeBack,
		"damaged records are refused":     damagedRecords,
		"another record is told":          anotherRecord,
		"plans are united":                plansAreUnited,
		"a key of another name is no use": swappedRecords,
		"only trusted records count":      onlyTrusted,
	} {
		t.Run(name, func(t *testing.T) { promise(t, fresh(t)) })
	}
}

// putText puts an object.
func putText(t *testing.T, r *Remote, text string) digest.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "object")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	f := digest.File{Name: "out", Digest: digest.Of([]byte(text)), Size: int64(len(text))}
	if err := r.Put(t.Context(), f, path); err != nil {
		t.Fatal(err)
	}
	return f
}

func getText(t *testing.T, r *Remote, f digest.File) (string, error) {
	var b bytes.Buffer
	err := r.Get(t.Context(), f, &b)
	return b.String(), err
}

// recordOf is a record of a key, with outputs that may be different for the same key.
func recordOf(work string, outputs ...digest.File) *store.Record {
	text := digest.NewKeyLines(work, 1).Text()
	return &store.Record{Format: store.RecordFormat, Key: text.Key(), KeyText: text, Kind: work, Version: 1, Cell: work, Outputs: outputs}
}

func isWrong(err error) bool { return errors.As(err, new(*WrongError)) }

func absent(t *testing.T, p place) {
	r := p.open(Options{})
	f := digest.File{Digest: digest.Of([]byte("text")), Size: 4}
	if ok, err := r.Has(t.Context(), f.Digest); ok || err != nil {
		t.Errorf("has: %v, %v", ok, err)
	}
	if _, err := getText(t, r, f); !IsAbsent(err) {
		t.Errorf("get: %v", err)
	}
	key := recordOf("work").Key
	if _, err := r.GetRecord(t.Context(), key); !IsAbsent(err) {
		t.Errorf("record: %v", err)
	}
	if _, err := r.GetPlan(t.Context(), key); !IsAbsent(err) {
		t.Errorf("plan: %v", err)
	}
}

// texts are contents of several sizes: empty, small, one that is compressed in memory, and one that
// is compressed into a file.
func texts() []string {
	return []string{"", "content", strings.Repeat("content ", 40<<10/8), strings.Repeat("0123456789abcdef", 3<<20/16)}
}

func objectsComeBack(t *testing.T, p place) {
	for _, text := range texts() {
		f := putText(t, p.open(Options{}), text)
		r := p.open(Options{})
		if ok, err := r.Has(t.Context(), f.Digest); !ok || err != nil {
			t.Errorf("has: %v, %v", ok, err)
		}
		if got, err := getText(t, r, f); got != text || err != nil {
			t.Errorf("got %d bytes instead of %d, %v", len(got), len(text), err)
		}
	}
}

func oneBitChanged(b []byte) []byte {
	c := bytes.Clone(b)
	if len(c) > 0 { // another change has emptied objects that no one puts again
		c[len(c)/2] ^= 1
	}
	return c
}

func damagedObjects(t *testing.T, p place) {
	text := strings.Repeat("some content ", 5000)
	other, _ := packedText([]byte(strings.Repeat("x", len(text))))
	long := strings.Repeat("x", 2*len(text))
	for name, change := range map[string]func([]byte) []byte{
		"truncated":   func(b []byte) []byte { return b[:len(b)/2] },
		"empty":       func([]byte) []byte { return []byte{} },
		"changed":     oneBitChanged,
		"appended":    func(b []byte) []byte { return append(bytes.Clone(b), 'x') },
		"other":       func([]byte) []byte { return other },
		"much longer": func([]byte) []byte { return []byte(long) },
	} {
		r := p.open(Options{})
		f := putText(t, r, text)
		p.change("cas", change)
		if _, err := getText(t, r, f); !isWrong(err) {
			t.Errorf("%s: got %v", name, err)
		}
		putText(t, r, text) // heals it
		if got, err := getText(t, r, f); got != text || err != nil {
			t.Errorf("%s: not healed: %v", name, err)
		}
	}
}

func recordsComeBack(t *testing.T, p place) {
	r := p.open(Options{})
	f := putText(t, r, "content")
	made := recordOf("work", f)
	made.Log = &digest.File{Name: store.LogName, Digest: f.Digest, Size: f.Size}
	for range 2 { // the second time, it is there
		if other, err := r.PutRecord(t.Context(), made); other != nil || err != nil {
			t.Fatalf("%v, %v", other, err)
		}
	}
	got, err := p.open(Options{}).GetRecord(t.Context(), made.Key)
	if err != nil || got.Cell != "work" || !slices.Equal(got.Outputs, made.Outputs) || *got.Log != *made.Log {
		t.Errorf("%+v, %v", got, err)
	}
}

func damagedRecords(t *testing.T, p place) {
	for name, change := range map[string]func([]byte) []byte{
		"truncated": func(b []byte) []byte { return b[:len(b)-3] },
		"empty":     func([]byte) []byte { return []byte{} },
		"changed":   func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"work"`), []byte(`"wark"`)) },
		"no entry":  func([]byte) []byte { return []byte("<html>Please log in</html>") },
	} {
		r := p.open(Options{})
		made := recordOf("work", putText(t, r, "content"))
		if _, err := r.PutRecord(t.Context(), made); err != nil {
			t.Fatal(err)
		}
		p.change("ac", change)
		if got, err := r.GetRecord(t.Context(), made.Key); !isWrong(err) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if _, err := r.PutRecord(t.Context(), made); err != nil {
			t.Fatal(err)
		}
		if _, err := r.GetRecord(t.Context(), made.Key); err != nil {
			t.Errorf("%s: not healed: %v", name, err)
		}
	}
}

// swappedRecords: the record of other work in the place of one.
func swappedRecords(t *testing.T, p place) {
	r := p.open(Options{})
	f := putText(t, r, "content")
	one, two := recordOf("one", f), recordOf("two", f)
	text, _, err := r.putRecord(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.put(t.Context(), r.entryName(two.Key), content{ReadSeeker: bytes.NewReader(text), size: int64(len(text))}, false); err != nil {
		t.Fatal(err)
	}
	if got, err := r.GetRecord(t.Context(), two.Key); !isWrong(err) {
		t.Errorf("%+v, %v", got, err)
	}
}

func anotherRecord(t *testing.T, p place) {
	r := p.open(Options{})
	one, two := putText(t, r, "one result"), putText(t, r, "another result")
	if _, err := r.PutRecord(t.Context(), recordOf("work", one)); err != nil {
		t.Fatal(err)
	}
	other, err := r.PutRecord(t.Context(), recordOf("work", two))
	if err != nil || other == nil || other.Outputs[0] != one {
		t.Fatalf("%+v, %v", other, err)
	}
	if got, err := r.GetRecord(t.Context(), other.Key); err != nil || got.Outputs[0] != one {
		t.Errorf("the first record was replaced: %+v, %v", got, err)
	}
	// Nobody can use a record whose objects are gone, so it is replaced.
	p.change("cas", func([]byte) []byte { return nil })
	putText(t, r, "another result")
	if other, err := r.PutRecord(t.Context(), recordOf("work", two)); other != nil || err != nil {
		t.Errorf("%+v, %v", other, err)
	}
	if got, err := r.GetRecord(t.Context(), other.Key); err != nil || got.Outputs[0] != two {
		t.Errorf("%+v, %v", got, err)
	}
}

func plansAreUnited(t *testing.T, p place) {
	id := recordOf("plan").Key
	for _, work := range []string{"one", "two"} {
		r := p.open(Options{})
		made := NewPlan()
		if _, _, err := r.AddRecord(t.Context(), made, recordOf(work, putText(t, r, work))); err != nil {
			t.Fatal(err)
		}
		if err := r.PutPlan(t.Context(), id, made); err != nil {
			t.Fatal(err)
		}
	}
	r := p.open(Options{})
	got, err := r.GetPlan(t.Context(), id)
	if err != nil || got.Len() != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if n := r.Traffic().Requests; n != 2 {
		t.Errorf("%d requests", n)
	}
	for _, work := range []string{"one", "two"} {
		if found, err := r.PlanRecord(got, recordOf(work).Key); err != nil || found.Cell != work {
			t.Errorf("%+v, %v", found, err)
		}
	}
	if _, err := r.PlanRecord(got, id); !IsAbsent(err) {
		t.Errorf("got %v", err)
	}
	p.change("cas", func(b []byte) []byte { return b[:len(b)/2] })
	if _, err := r.GetPlan(t.Context(), id); !isWrong(err) {
		t.Errorf("a damaged plan: %v", err)
	}
}

func onlyTrusted(t *testing.T, p place) {
	friend, stranger := newSigner(t), newSigner(t)
	trusting := Options{Trust: Trusted{friend.public()}}
	f := putText(t, p.open(Options{}), "content")
	made := recordOf("work", f)
	check := func(when string, want bool) {
		t.Helper()
		_, err := p.open(trusting).GetRecord(t.Context(), made.Key)
		if want && err != nil || !want && !isWrong(err) {
			t.Errorf("%s: %v", when, err)
		}
	}
	put := func(o Options, r *store.Record) {
		t.Helper()
		if other, err := p.open(o).PutRecord(t.Context(), r); other != nil || err != nil {
			t.Fatalf("%+v, %v", other, err)
		}
	}
	put(Options{}, made)
	check("not signed", false)
	put(Options{Sign: stranger}, made)
	check("signed by a stranger", false)
	put(Options{Sign: friend}, made)
	check("signed by a friend", true)
	put(Options{Sign: stranger}, made)
	check("signed by both", true)

	// Somebody who can write replaces the record by another one, with the signatures of the first.
	poison := func(b []byte) []byte {
		e, err := decodeEntry(b)
		if err != nil {
			t.Fatal(err)
		}
		bad := recordOf("work", putText(t, p.open(Options{}), "poison"))
		text, _ := bad.Encode()
		return entryOf(bad, text, e.signatures).encode()
	}
	text, err := p.open(Options{}).getSmall(t.Context(), p.open(Options{}).entryName(made.Key), maxEntry)
	if err != nil {
		t.Fatal(err)
	}
	poisoned := poison(text)
	p.change("ac", func([]byte) []byte { return poisoned })
	check("poisoned", false)
	put(Options{Sign: friend, Trust: trusting.Trust}, made)
	check("healed", true)
}

func newSigner(t *testing.T) *Signer {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, newKey(t), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := ReadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Requests that a server answers in odd ways end with an error, and soon.
func TestOddAnswersAreErrors(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	release := make(chan struct{})
	defer close(release)
	hang := func(r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	status := func(n int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(n); return true }
	}
	isStatus := func(n int) func(error) bool {
		return func(err error) bool {
			var refused *RefusedError
			return errors.As(err, &refused) && refused.Status == n
		}
	}
	isSlow := func(err error) bool { return errors.Is(err, ErrSlow) }
	for name, c := range map[string]struct {
		odd  func(http.ResponseWriter, *http.Request) bool
		want func(error) bool
	}{
		"500": {status(500), isStatus(500)},
		"403": {status(403), isStatus(403)},
		"507": {status(507), isStatus(507)},
		"never answers": {func(_ http.ResponseWriter, r *http.Request) bool {
			_, _ = io.Copy(io.Discard, r.Body)
			hang(r)
			return true
		}, isSlow},
		"stops in the middle": {func(w http.ResponseWriter, r *http.Request) bool {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write([]byte("a few bytes"))
			_ = http.NewResponseController(w).Flush()
			hang(r)
			return true
		}, isSlow},
		"closes the connection": {func(w http.ResponseWriter, _ *http.Request) bool {
			c, _, _ := http.NewResponseController(w).Hijack()
			c.Close()
			return true
		}, func(err error) bool { return err != nil && !IsAbsent(err) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.odd = c.odd
			r := opened(t, s.URL, Options{Patience: 50 * time.Millisecond})
			f := digest.File{Name: "out", Digest: digest.Of([]byte("content")), Size: 1000}
			if _, err := getText(t, r, f); !c.want(err) {
				t.Errorf("get: %v", err)
			}
			if _, err := r.GetRecord(t.Context(), recordOf("work").Key); !c.want(err) {
				t.Errorf("record: %v", err)
			}
			if _, err := r.PutRecord(t.Context(), recordOf("work", f)); !c.want(err) {
				t.Errorf("put record: %v", err)
			}
		})
	}
}

// A large object may take longer than Patience while bytes arrive.
func TestProgressKeepsARequestAlive(t *testing.T) {
	s := newServer(t)
	const patience = 200 * time.Millisecond
	piece := bytes.Repeat([]byte("x"), 2*flow)
	var all []byte
	for range 6 {
		all = append(all, piece...)
	}
	s.odd = func(w http.ResponseWriter, _ *http.Request) bool {
		for range 6 {
			_, _ = w.Write(piece)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(patience / 4)
		}
		return true
	}
	r := opened(t, s.URL, Options{Patience: patience})
	f := digest.File{Digest: digest.Of(all), Size: int64(len(all))}
	if got, err := getText(t, r, f); err != nil || len(got) != len(all) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestAnInterruptedRequestEnds(t *testing.T) {
	s := newServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.odd = func(_ http.ResponseWriter, r *http.Request) bool {
		cancel()
		<-r.Context().Done()
		return true
	}
	if _, err := opened(t, s.URL, Options{Patience: time.Hour}).Has(ctx, digest.Digest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A server that does not know zstd holds objects as they are, so that other clients can read them.
// Machines that ask at once whether a plain server unpacks objects do not see what another one has
// put right: then they would take it for a server that unpacks.
func TestMachinesAskAPlainServerAtOnce(t *testing.T) {
	s := newServer(t)
	var first atomic.Bool
	other := opened(t, s.URL, Options{})
	s.odd = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && first.CompareAndSwap(false, true) {
			if other.takesPacked(r.Context()) {
				t.Error("the other one takes it for a server that unpacks")
			}
		}
		return false
	}
	if opened(t, s.URL, Options{}).takesPacked(t.Context()) {
		t.Error("taken for a server that unpacks")
	}
}

func TestObjectsOfAPlainServerHaveTheirDigest(t *testing.T) {
	s := newServer(t)
	r := opened(t, s.URL, Options{})
	for _, text := range texts() {
		putText(t, r, text)
	}
	for name, text := range s.blobs {
		if digest.Of(text).String() != path.Base(name) {
			t.Errorf("%s has the digest %s", name, digest.Of(text))
		}
	}
}

func TestObjectsOfAZstdServerAreSentPacked(t *testing.T) {
	s := newServer(t)
	s.zstd, s.strict = true, true
	r := opened(t, s.URL, Options{})
	text := texts()[3]
	f := putText(t, r, text)
	if sent := r.Traffic().Sent; sent > int64(len(text)/10) {
		t.Errorf("%d bytes were sent for %d", sent, len(text))
	}
	if got, err := getText(t, r, f); got != text || err != nil || r.Traffic().Received > int64(len(text)/10) {
		t.Errorf("%d bytes, %v, %d received", len(got), err, r.Traffic().Received)
	}
}
