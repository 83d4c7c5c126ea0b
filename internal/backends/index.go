package backends

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"html"
)

// DefaultIndex is the index of Python packages that is asked: that of pip, or the public one.
func DefaultIndex() string { return cmp.Or(os.Getenv("PIP_INDEX_URL"), "https://pypi.org/simple") }

// Limits of a page of the index.
const (
	maxPage  = 32 << 20
	pageTime = time.Minute
)

// find returns the address of a file of a project, with the client to fetch it. The index is only
// asked where the file lies: what it must contain is known.
func (i Installer) find(ctx context.Context, project, file string) (string, *http.Client, error) {
	page, err := url.Parse(strings.TrimSuffix(cmp.Or(i.Index, DefaultIndex()), "/") + "/" + project + "/")
	if err != nil || page.Host == "" {
		return "", nil, errors.New("the address of the index is not a URL") // it may hold a password
	}
	client := &http.Client{Transport: login{page.Host, page.User}}
	page.User = nil
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	text, kind, err := get(ctx, client, page.String())
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", page, err)
	}
	link := linkIn(text, kind, file)
	if link == "" {
		return "", nil, fmt.Errorf("%s does not list %s", page, file)
	}
	address, err := page.Parse(link)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" {
		return "", nil, fmt.Errorf("%s gives the address %.100q for %s", page, link, file)
	}
	address.User, address.Fragment = nil, ""
	return address.String(), client, nil
}

// A login sends a user's name and password to one host. They stand in the address of an index, and
// would stand in errors, too, if they stayed there.
type login struct {
	host string
	user *url.Userinfo
}

func (l login) RoundTrip(req *http.Request) (*http.Response, error) {
	if l.user != nil && req.URL.Host == l.host {
		req = req.Clone(req.Context())
		password, _ := l.user.Password()
		req.SetBasicAuth(l.user.Username(), password)
	}
	return http.DefaultTransport.RoundTrip(req)
}

const jsonIndex = "application/vnd.pypi.simple.v1+json"

func get(ctx context.Context, client *http.Client, page string) (text []byte, kind string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Accept", jsonIndex+", text/html;q=0.5")
	res, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("the server answered %s", res.Status)
	}
	text, err = io.ReadAll(io.LimitReader(res.Body, maxPage+1))
	if err == nil && len(text) > maxPage {
		err = fmt.Errorf("the page is larger than %d MB", maxPage>>20)
	}
	return text, res.Header.Get("Content-Type"), err
}

// anchor is a link of an index page in HTML.
var anchor = regexp.MustCompile(`(?is)<a\s[^>]*?href\s*=\s*["']([^"']+)["'][^>]*>\s*([^<]*?)\s*</a>`)

// linkIn finds the link to a file on a page of the index, or "".
func linkIn(page []byte, kind, file string) string {
	if strings.Contains(kind, "json") {
		var list struct {
			Files []struct{ Filename, URL string }
		}
		if json.Unmarshal(page, &list) != nil {
			return ""
		}
		for _, f := range list.Files {
			if f.Filename == file {
				return f.URL
			}
		}
		return ""
	}
	for _, m := range anchor.FindAllSubmatch(page, -1) {
		if html.UnescapeString(string(m[2])) == file {
			return html.UnescapeString(string(m[1]))
		}
	}
	return ""
}
