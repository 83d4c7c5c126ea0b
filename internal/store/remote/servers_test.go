//go:build unix

package remote

import (
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foil/internal/store/servertest"
)

// filesPlace is a place whose blobs are files of a server.
func filesPlace(t *testing.T, address, dir string) place {
	return place{
		open: func(o Options) *Remote {
			o.Patience = time.Minute
			return opened(t, address, o)
		},
		change: func(kind string, change func([]byte) []byte) {
			_ = filepath.WalkDir(filepath.Join(dir, kind), func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				text, err := os.ReadFile(path)
				if text = change(text); text == nil {
					return errors.Join(err, os.Remove(path))
				}
				return errors.Join(err, os.WriteFile(path, text, 0o666))
			})
		},
	}
}

func TestAServerOfS3(t *testing.T) {
	s := servertest.S3(t)
	testPromises(t, func(t *testing.T) place {
		name := url.PathEscape(strings.ReplaceAll(t.Name(), "/", "-"))
		return filesPlace(t, strings.Replace(s.Address, "/shared", "/shared/"+name, 1), filepath.Join(s.Dir, strings.ReplaceAll(t.Name(), "/", "-")))
	})
	r := opened(t, s.Address, Options{})
	f := putText(t, r, "content")
	odd := opened(t, strings.Replace(s.Address, "/shared", "/shared/a=b+c@d:e f$g%25h", 1), Options{Patience: time.Minute})
	if text, err := getText(t, odd, putText(t, odd, "content")); text != "content" || err != nil {
		t.Errorf("with an odd prefix: %q, %v", text, err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another one")
	_, err := getText(t, opened(t, s.Address, Options{}), f)
	var refused *RefusedError
	if !errors.As(err, &refused) || !refused.IsDenied() || strings.Contains(err.Error(), "another one") {
		t.Errorf("with wrong credentials: %v", err)
	}
	s.Stop()
	if _, err := getText(t, r, f); err == nil || IsAbsent(err) {
		t.Errorf("without a server: %v", err)
	}
}

func TestAnNginxWithWebDAV(t *testing.T) {
	s := servertest.Nginx(t)
	testPromises(t, func(t *testing.T) place {
		name := strings.ReplaceAll(t.Name(), "/", "-")
		return filesPlace(t, s.Address+"/"+url.PathEscape(name), filepath.Join(s.Dir, name))
	})
	f := putText(t, opened(t, s.Address, Options{}), "content")
	only := opened(t, s.Address+"/only", Options{})
	if text, err := getText(t, only, f); text != "content" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	_, err := only.PutRecord(t.Context(), recordOf("work", f))
	var refused *RefusedError
	if !errors.As(err, &refused) || !refused.IsDenied() || refused.Status != http.StatusMethodNotAllowed {
		t.Errorf("a server that only reads: %v", err)
	}
}
