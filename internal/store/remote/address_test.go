package remote

import (
	"net/http"
	"strings"
	"testing"
)

func TestOddAddressesAreRefusedWithoutTheirSecrets(t *testing.T) {
	t.Setenv("AZURE_STORAGE_ACCOUNT", "")
	for address, want := range map[string]string{
		"":                                   "write s3://",
		"/some/folder":                       "write s3://",
		"bucket":                             "write s3://",
		"ftp://user:hunter2@host/x":          "write s3://",
		"s3://":                              "needs a bucket",
		"s3://bucket?regoin=x":               "no parameter",
		"s3://bucket?use_path_style=perhaps": "true or false",
		"s3://user:hunter2@bucket/x":         "only http(s)",
		"gs://":                              "needs a bucket",
		"azblob://":                          "needs a container",
		"azblob://container":                 "AZURE_STORAGE_ACCOUNT",
		"file://relative/path":               "three slashes: file:///relative/path",
		"file:relative":                      "absolute path",
		"http://user:hunter2@host/?token=hunter2": "no parameters",
		"http://user:hunter2@host/#x":             "no #",
		"http://user:hunter2@ho st/":              "cannot be read",
		"http://":                                 "needs a host",
	} {
		_, err := Open(address, Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestAddressesAreShownWithoutSecrets(t *testing.T) {
	for address, want := range map[string]string{
		"https://user:hunter2@host:80/x?hunter2#hunter2": "https://host:80/x",
		"https://hunter2@host":                           "https://host",
		"https://user:hun@ter2@host/x":                   "https://host/x",
		"https://user:hun/ter2@host/x":                   "https://(not shown)",
		"https://hun/ter2@host/x":                        "https://(not shown)",
		"https://user:hun?ter2@host/x":                   "https://(not shown)",
		"https://user:hun#ter2@host/x":                   "https://(not shown)",
		"file:///home/a@b/c":                             "file:///home/a@b/c",
		"s3://bucket/x?endpoint=y":                       "s3://bucket/x",
		"file:///a/b":                                    "file:///a/b",
		"user:hunter2@host":                              "(not shown)",
	} {
		if got := Redacted(address); got != want {
			t.Errorf("%q: %q", address, got)
		}
	}
}

func TestPasswordsAreSentAndNotShown(t *testing.T) {
	s := newServer(t)
	s.odd = func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, _ := r.BasicAuth(); user == "user" && password == "hunter2" {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	address := strings.Replace(s.URL, "http://", "http://user:hunter2@", 1)
	r := opened(t, address, Options{})
	f := putText(t, r, "content")
	if _, err := getText(t, r, f); err != nil {
		t.Error(err)
	}
	s.Close()
	_, err := getText(t, r, f)
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(r.String(), "hunter2") {
		t.Errorf("%v, %v", err, r)
	}
}
