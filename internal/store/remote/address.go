package remote

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
)

// Schemes are the kinds of addresses that Open takes.
const Schemes = "s3://BUCKET, gs://BUCKET, azblob://CONTAINER, file:///FOLDER or http(s)://HOST"

// Open returns the remote at an address. It sends no request.
func Open(address string, opts Options) (*Remote, error) {
	u, err := url.Parse(address)
	if err != nil { // its text repeats the address, which may hold a password
		return nil, fmt.Errorf("the address of the remote cannot be read; write %s", Schemes)
	}
	if u.Fragment != "" {
		return nil, fmt.Errorf("%s: an address has no #", Redacted(address))
	}
	var b blobs
	switch u.Scheme {
	case "http", "https":
		if u.Host == "" {
			err = fmt.Errorf("%s:// needs a host", u.Scheme)
		} else if _, err = parameters(u, "none"); err != nil {
			err = fmt.Errorf("%s:// takes no parameters", u.Scheme)
		}
		b = atHTTP(u)
	case "s3":
		b, err = notNil(atS3(u))
	case "gs":
		b, err = notNil(atGS(u))
	case "azblob":
		b, err = notNil(atAzure(u))
	case "file":
		b, err = atFolder(u)
	default:
		err = fmt.Errorf("is not the address of a remote; write %s", Schemes)
	}
	if err == nil && u.User != nil && u.Scheme != "http" && u.Scheme != "https" {
		err = errors.New("only http(s):// takes a user and a password; clouds have other credentials")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Redacted(address), err)
	}
	return newRemote(Redacted(address), b, u.Scheme == "http" || u.Scheme == "https", opts), nil
}

// notNil keeps a nil *web from becoming a blobs that is not nil.
func notNil(w *web, err error) (blobs, error) {
	if err != nil {
		return nil, err
	}
	return w, nil
}

func atFolder(u *url.URL) (blobs, error) {
	if u.Host != "" && u.Host != "localhost" {
		return nil, fmt.Errorf("file:// needs an absolute path, with three slashes: file:///%s%s", u.Host, u.Path)
	}
	if u.RawQuery != "" {
		return nil, errors.New("file:// takes no parameters")
	}
	dir := filepath.FromSlash(u.Path)
	if runtime.GOOS == "windows" {
		dir = strings.TrimPrefix(dir, `\`)
	}
	if !filepath.IsAbs(dir) {
		return nil, errors.New("file:// needs an absolute path: file:///FOLDER")
	}
	return folder{filepath.Clean(dir)}, nil
}

// Redacted is an address as it may be shown: without user, password and parameters. A text that is
// no address stays as it is, unless it may hold a password.
func Redacted(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		if strings.Contains(address, "@") {
			return "(not shown)"
		}
		return address
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && strings.Contains(rest[i:], "@") && !(scheme == "file" && i == 0) {
		return scheme + "://(not shown)" // what stands before the @ may be a part of a password
	}
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	host, path, slash := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	if slash {
		host += "/"
	}
	return scheme + "://" + host + path
}
