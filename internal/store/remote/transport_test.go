package remote

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A redirect of a PUT would be followed as a GET, and one to another server would get the password.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		asked := 0
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
		s := newServer(t)
		s.odd = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Location", strings.Replace(other.URL, "//", "//me:hunter2@", 1)+r.URL.Path+"?hunter2")
			w.WriteHeader(status)
			return true
		}
		r := opened(t, strings.Replace(s.URL, "//", "//user:hunter2@", 1), Options{})
		work := recordOf("work")
		_, get := r.GetRecord(t.Context(), work.Key)
		put := r.put(t.Context(), r.entryName(work.Key), content{ReadSeeker: bytes.NewReader([]byte("x")), size: 1}, false)
		for _, err := range []error{get, put} {
			var refused *RefusedError
			if !errors.As(err, &refused) || !refused.IsDenied() || refused.Text != "the server redirects to "+other.URL+"; use that address" {
				t.Errorf("%d: %v", status, err)
			}
		}
		other.Close()
		if asked > 0 {
			t.Errorf("%d: the other server got %d requests", status, asked)
		}
	}
}

// What did not arrive whole, or what something on the way has changed, says nothing about the blob:
// it is not damage, and a good record stays.
func TestACutAnswerIsNotDamage(t *testing.T) {
	cut := func(w http.ResponseWriter, text []byte, length int) {
		w.Header().Set("Content-Length", strconv.Itoa(length))
		_, _ = w.Write(text)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	for name, send := range map[string]func(w http.ResponseWriter, text []byte){
		"cut":     func(w http.ResponseWriter, text []byte) { cut(w, text[:len(text)/2], len(text)) },
		"nothing": func(w http.ResponseWriter, text []byte) { cut(w, nil, len(text)) },
		"chunked": func(w http.ResponseWriter, text []byte) {
			_, _ = w.Write(text[:len(text)/2])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"gzip": func(w http.ResponseWriter, text []byte) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(text)
		},
		"a page": func(w http.ResponseWriter, _ []byte) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte("<html>Please log in</html>"))
		},
	} {
		for _, packed := range []bool{false, true} {
			t.Run(name+" "+strconv.FormatBool(packed), func(t *testing.T) {
				s := newServer(t)
				s.Config.ErrorLog = nil
				address := s.URL
				if packed {
					t.Setenv("STORAGE_EMULATOR_HOST", s.URL)
					address = "gs://bucket"
				}
				r := opened(t, address, Options{})
				ours, theirs := putText(t, r, "our content"), putText(t, r, "their content")
				if _, err := r.PutRecord(t.Context(), recordOf("work", theirs)); err != nil {
					t.Fatal(err)
				}
				s.mu.Lock()
				s.odd = func(w http.ResponseWriter, r *http.Request) bool {
					if r.Method != http.MethodGet {
						return false
					}
					s.mu.Lock()
					text := bytes.Clone(s.blobs[strings.TrimPrefix(r.URL.Path, "/")])
					s.mu.Unlock()
					send(w, text)
					return true
				}
				s.mu.Unlock()
				if _, err := getText(t, r, theirs); name != "a page" && (err == nil || isWrong(err)) {
					t.Errorf("object: %v", err)
				}
				if other, err := r.PutRecord(t.Context(), recordOf("work", ours)); err == nil || isWrong(err) || other != nil {
					t.Errorf("put record: %v, %v", other, err)
				}
				s.mu.Lock()
				s.odd = nil
				s.mu.Unlock()
				if got, err := r.GetRecord(t.Context(), recordOf("work").Key); err != nil || !slices.Equal(got.Outputs, recordOf("work", theirs).Outputs) {
					t.Errorf("the record of others was replaced: %+v, %v", got, err)
				}
			})
		}
	}
}
