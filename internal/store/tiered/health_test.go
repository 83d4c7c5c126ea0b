package tiered

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/remote"
)

func TestTimeWithSlowAnswers(t *testing.T) {
	start := time.Now()
	for name, c := range map[string]struct {
		spans [][2]int // seconds
		want  int
	}{
		"one":              {[][2]int{{0, 3}}, 3},
		"at the same time": {[][2]int{{0, 3}, {0, 3}, {1, 2}}, 3},
		"one after other":  {[][2]int{{0, 1}, {2, 3}}, 2},
		"joined":           {[][2]int{{0, 2}, {4, 6}, {1, 5}}, 6},
		"out of order":     {[][2]int{{5, 6}, {0, 10}}, 10},
	} {
		var h health
		var all time.Duration
		for _, s := range c.spans {
			all = h.lose(span{start.Add(time.Duration(s[0]) * time.Second), start.Add(time.Duration(s[1]) * time.Second)})
		}
		if all != time.Duration(c.want)*time.Second {
			t.Errorf("%s: %v", name, all)
		}
	}
}

// Many requests at once, which wait for each other, do not make a remote slow. A slow one is an error.
func TestAHealthyRemoteStaysInUse(t *testing.T) {
	for name, c := range map[string]struct {
		answer time.Duration
		off    bool
	}{
		"quick": {250 * time.Millisecond, false}, // 10 rounds of 32
		"slow":  {600 * time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(c.answer)
				http.NotFound(w, r)
			}))
			defer s.Close()
			b := newBench(t)
			m := b.machineWith(t.TempDir(), s.URL, remote.Options{Patience: 2 * time.Second}, func(o *Options) { o.Plan = digest.Key{} })
			var wait sync.WaitGroup
			for i := range 320 {
				wait.Go(func() { m.look(t.Context(), digest.File{Name: "x", Digest: digest.Of([]byte{byte(i), byte(i >> 8)})}) })
			}
			wait.Wait()
			if m.reads.isOff() != c.off || (m.Err() != nil) != c.off || c.off && !errors.Is(m.Err(), errTardy) {
				t.Errorf("%v, %q", m.Err(), m.notes)
			}
		})
	}
}

// After a while a remote is read again, also if nothing is sent. The while grows.
func TestReadingIsTriedAgain(t *testing.T) {
	var asked, healthy atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if healthy.Load() == 0 {
			w.WriteHeader(http.StatusForbidden)
		} else {
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	b := newBench(t)
	m := b.machineWith(t.TempDir(), s.URL, remote.Options{}, func(o *Options) { o.Plan, o.ReadOnly = digest.Key{}, true })
	age := func(d time.Duration) { m.reads.mu.Lock(); m.reads.ended = m.reads.ended.Add(-d); m.reads.mu.Unlock() }
	expect := func(when string, n int32) {
		t.Helper()
		b.lookup(m, when)
		if asked.Load() != n {
			t.Errorf("%s: asked %d times", when, asked.Load())
		}
	}
	expect("first", 1)
	expect("off", 1)
	age(tryAgain)
	expect("again", 2)
	age(tryAgain)
	expect("not so soon", 2)
	age(tryAgain)
	healthy.Store(1)
	expect("after twice the time", 3)
	expect("in use", 4)
	if len(m.notes) != 1 {
		t.Errorf("%q", m.notes)
	}
}

// What this machine cannot store is not the fault of the remote.
func TestAFullDiskHereIsNotTheRemotes(t *testing.T) {
	b := newBench(t)
	one, two := b.machine("", nil), b.machine("", nil)
	for _, work := range []string{"1", "2", "3", "4", "5"} {
		b.publish(one, work, "out", work)
	}
	one.Finish(t.Context(), nil)
	var files []digest.File
	for _, work := range []string{"1", "2", "3", "4", "5"} {
		r, _ := b.lookup(two, work)
		if r == nil {
			t.Fatal("not found")
		}
		files = append(files, r.Outputs[0])
	}
	if err := errors.Join(os.RemoveAll(two.dir), os.WriteFile(two.dir, nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, err := two.Fetch(t.Context(), f); err == nil || !strings.Contains(err.Error(), "cannot be stored") {
			t.Errorf("%v", err)
		}
	}
	if two.reads.isOff() || two.Err() != nil || len(two.notes) > 0 {
		t.Errorf("%v, %q", two.Err(), two.notes)
	}
}

// inFront is a server before a folder. odd answers some requests in another way.
func inFront(t *testing.T, odd func(w http.ResponseWriter, r *http.Request) bool) *httptest.Server {
	var mu sync.Mutex
	blobs := map[string]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if odd(w, r) {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodPut {
			var text strings.Builder
			_, _ = io.Copy(&text, r.Body)
			blobs[r.URL.Path] = text.String()
			return
		}
		text, ok := blobs[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s
}

// A download that is cut off is begun again, and never a lie of the remote.
func TestACutDownloadIsBegunAgain(t *testing.T) {
	for name, c := range map[string]struct {
		cuts int32
		ok   bool
	}{"twice": {2, true}, "always": {1000, false}} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			s := inFront(t, func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/cas/") || asked.Add(1) > c.cuts {
					return false
				}
				w.Header().Set("Content-Length", "7")
				_, _ = w.Write([]byte("con"))
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			})
			b := newBench(t)
			how, change := remote.Options{Patience: time.Minute}, func(o *Options) { o.Plan = digest.Key{} }
			one, two := b.machineWith(t.TempDir(), s.URL, how, change), b.machineWith(t.TempDir(), s.URL, how, change)
			f := b.publish(one, "work", "out", "content").Outputs[0]
			one.Finish(t.Context(), nil)
			b.lookup(two, "work")
			_, err := two.Fetch(t.Context(), f)
			if (err == nil) != c.ok || two.lies != 0 || two.wrong || two.reads.isOff() {
				t.Errorf("%v, %q", err, two.notes)
			}
		})
	}
}

// Who waits for a download of somebody who gives up begins it again.
func TestAWaiterTakesADownloadOver(t *testing.T) {
	var asked atomic.Int32
	started := make(chan struct{})
	s := inFront(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/cas/") || asked.Add(1) > 1 {
			return false
		}
		close(started)
		<-r.Context().Done()
		return true
	})
	b := newBench(t)
	how, change := remote.Options{Patience: time.Minute}, func(o *Options) { o.Plan = digest.Key{} }
	one, two := b.machineWith(t.TempDir(), s.URL, how, change), b.machineWith(t.TempDir(), s.URL, how, change)
	f := b.publish(one, "work", "out", "content").Outputs[0]
	one.Finish(t.Context(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := two.Fetch(ctx, f); !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up: %v", err)
		}
	})
	<-started
	wait.Go(func() {
		if _, err := two.Fetch(t.Context(), f); err != nil {
			t.Errorf("who waited: %v", err)
		}
	})
	time.Sleep(50 * time.Millisecond) // so that it waits
	cancel()
	wait.Wait()
}

// The manifest may name a record that was replaced because its objects are gone.
func TestAnOldManifestIsNoEnd(t *testing.T) {
	b := newBench(t)
	old := b.machine("", nil)
	gone := b.publish(old, "work", "out", "old").Outputs[0]
	old.Finish(t.Context(), nil)
	b.change("cas", func(path string) error {
		if strings.Contains(path, gone.Digest.String()) {
			return os.Remove(path)
		}
		return nil
	})
	other := b.machine("", func(o *Options) { o.Plan = digest.Key{} })
	made := b.publish(other, "work", "out", "new").Outputs[0]
	if sent := other.Finish(t.Context(), nil); sent.Failed != 0 {
		t.Fatalf("%+v, %q", sent, other.notes)
	}
	m := b.machine("", nil)
	r, _ := b.lookup(m, "work")
	if r == nil || r.Outputs[0] != gone {
		t.Fatalf("the manifest is not old: %+v", r)
	}
	if _, err := m.Fetch(t.Context(), gone); !errors.As(err, new(*store.DamagedError)) {
		t.Fatal(err)
	}
	if r, miss := b.lookup(m, "work"); r == nil || r.Outputs[0] != made {
		t.Errorf("%+v, %+v", r, miss)
	}
	before := m.remote.Traffic().Requests
	b.lookup(m, "work")
	if n := m.remote.Traffic().Requests; n != before {
		t.Errorf("asked %d times more", n-before)
	}
}

// Many results that cannot be sent do not flood a remote, and are sent at the end if that is possible.
func TestUploadsShareAClock(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		most   int32 // requests before the end
	}{
		"503": {503, uploadsAtOnce * 3},
		"403": {403, uploadsAtOnce},
		"507": {507, uploadsAtOnce},
	} {
		t.Run(name, func(t *testing.T) {
			var asked, healthy atomic.Int32
			s := inFront(t, func(w http.ResponseWriter, r *http.Request) bool {
				if healthy.Load() == 1 || r.Method != http.MethodPut {
					return false
				}
				asked.Add(1)
				w.WriteHeader(c.status)
				return true
			})
			b := newBench(t)
			m := b.machineWith(t.TempDir(), s.URL, remote.Options{Patience: time.Second}, nil)
			for i := range 30 {
				b.publish(m, string(rune('A'+i)), "out", string(rune('A'+i)))
			}
			for asked.Load() == 0 && t.Context().Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(time.Second)
			if n := asked.Load(); n == 0 || n > c.most {
				t.Errorf("asked %d times", n)
			}
			healthy.Store(1)
			if sent := m.Finish(t.Context(), nil); sent.Records != 30 || sent.Failed != 0 || len(m.notes) != 1 {
				t.Errorf("%+v, %q", sent, m.notes)
			}
		})
	}
}

// A server that does not want one result may want the others.
func TestARefusedRecordIsOneRecord(t *testing.T) {
	var asked atomic.Int32
	bad := "/ac/" + keyOf("bad").String()
	s := inFront(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != bad || r.Method != http.MethodPut {
			return false
		}
		asked.Add(1)
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return true
	})
	b := newBench(t)
	m := b.machineWith(t.TempDir(), s.URL, remote.Options{Patience: time.Minute}, nil)
	for _, work := range []string{"bad", "one", "two", "three"} {
		b.publish(m, work, "out", work)
	}
	if sent := m.Finish(t.Context(), nil); sent.Records != 3 || sent.Failed != 1 || asked.Load() != 1 || len(m.notes) != 1 {
		t.Errorf("%+v, asked %d times, %q", sent, asked.Load(), m.notes)
	}
}

// A disk that does not answer cannot keep a run from ending.
func TestFinishDoesNotWaitForADisk(t *testing.T) {
	b := newBench(t)
	m := b.machineWith(t.TempDir(), "http://127.0.0.1:1", remote.Options{Patience: patience}, nil)
	release := make(chan struct{})
	defer close(release)
	m.uploads.left++
	m.uploads.wait.Go(func() { <-release })
	start := time.Now()
	if sent := m.Finish(t.Context(), nil); sent.Failed != 1 || time.Since(start) > 20*patience {
		t.Errorf("%+v after %v", sent, time.Since(start))
	}
}

// A remote whose objects are wrong is an error, for those who ask.
func TestLiesAreAnError(t *testing.T) {
	b := newBench(t)
	one, two := b.machine("", func(o *Options) { o.Plan = digest.Key{} }), b.machine("", nil)
	works := []string{"1", "2", "3", "4", "5", "6"}
	for _, work := range works {
		b.publish(one, work, "out", work)
	}
	one.Finish(t.Context(), nil)
	b.change("cas", func(path string) error { return os.Truncate(path, 5) })
	for _, work := range works {
		if r, _ := b.lookup(two, work); r != nil {
			_, _ = two.Fetch(t.Context(), r.Outputs[0])
		}
	}
	if !two.reads.isOff() || two.Err() == nil || !strings.Contains(two.Err().Error(), "wrong content") {
		t.Errorf("%v, %q", two.Err(), two.notes)
	}
}
