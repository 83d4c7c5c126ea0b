package remote

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/oauth2/google"
)

// atGS is a bucket of Google Cloud Storage. Google's library finds the credentials.
func atGS(u *url.URL) (*web, error) {
	params, err := parameters(u, "anonymous")
	if err != nil {
		return nil, err
	}
	if u.Host == "" {
		return nil, errors.New("gs:// needs a bucket: gs://BUCKET/PREFIX")
	}
	return newWeb(func(ctx context.Context) (*site, error) {
		base := &url.URL{Scheme: "https", Host: "storage.googleapis.com"}
		emulator := os.Getenv("STORAGE_EMULATOR_HOST")
		if emulator != "" {
			_, host, ok := strings.Cut(emulator, "://")
			if !ok {
				host = emulator
			}
			base = &url.URL{Scheme: "http", Host: host}
		}
		s := &site{base: base.JoinPath(u.Host, u.Path), onlyNew: http.Header{"X-Goog-If-Generation-Match": {"0"}}}
		if emulator != "" || params["anonymous"] == "true" {
			return s, nil
		}
		const scope = "https://www.googleapis.com/auth/devstorage.read_write"
		// The credentials outlive this request.
		found, err := google.FindDefaultCredentials(context.WithoutCancel(ctx), scope)
		if err != nil {
			return nil, errors.New("no credentials were found; run: gcloud auth application-default login")
		}
		s.authorize = func(r *http.Request, _ content) error {
			type answer struct {
				header string
				err    error
			}
			got, err := inTime(r.Context(), func() answer {
				t, err := found.TokenSource.Token()
				if err != nil {
					return answer{err: errors.New("the credentials for Google give no token")}
				}
				return answer{header: t.Type() + " " + t.AccessToken}
			}, func(answer) {})
			if err == nil {
				err = got.err
			}
			r.Header.Set("Authorization", got.header)
			return err
		}
		return s, nil
	}), nil
}
