package remote

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

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
			return nil, noCredentials("no credentials were found; run: gcloud auth application-default login")
		}
		token := newBearer(func(context.Context) (string, time.Time, error) {
			t, err := found.TokenSource.Token()
			if err != nil {
				return "", time.Time{}, noCredentials("the credentials for Google give no token")
			}
			return t.Type() + " " + t.AccessToken, t.Expiry, nil
		})
		s.ready, s.authorize = token.ready, token.authorize
		return s, nil
	}), nil
}
