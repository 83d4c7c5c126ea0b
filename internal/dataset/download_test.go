package dataset

import (
	"context"
	"errors"
	"foil/internal/digest"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDownloads(t *testing.T) {
	content := strings.Repeat("data ", 50_000)
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			w.Write([]byte(content))
		case "/other":
			w.Write([]byte("please log in"))
		case "/cut":
			w.Header().Set("Content-Length", "250000")
			w.Write([]byte(content[:1000]))
		case "/stalled":
			w.Write([]byte(content[:1000]))
			w.(http.Flusher).Flush()
			<-stop
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	defer close(stop)
	gone := httptest.NewServer(nil)
	gone.Close()

	for _, c := range []struct{ name, url, want string }{
		{"whole", server.URL + "/good", ""},
		{"another file", server.URL + "/other", "but the published file has"},
		{"cut off", server.URL + "/cut", "unexpected EOF"},
		{"stalled", server.URL + "/stalled", "no data received for 100ms"},
		{"missing", server.URL + "/gone", "the server answered 404 Not Found"},
		{"no server", gone.URL, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var last int64
			d := Downloader{Stall: 100 * time.Millisecond, Progress: func(done, _ int64) { last = done }}
			path := filepath.Join(t.TempDir(), "downloads", "x.zip")
			err := d.Fetch(t.Context(), Original{Name: "x.zip", URL: c.url, Digest: digest.Of([]byte(content))}, path)
			if c.want == "" {
				b, readErr := os.ReadFile(path)
				if err != nil || readErr != nil || string(b) != content || last != int64(len(content)) {
					t.Errorf("%v, %v, %d bytes, progress %d", err, readErr, len(b), last)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.url) {
				t.Errorf("error is %v, wants %q and the address", err, c.want)
			}
			if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := Downloader{Progress: func(_, _ int64) { cancel() }}
		err := d.Fetch(ctx, Original{URL: server.URL + "/stalled"}, filepath.Join(t.TempDir(), "x.zip"))
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
