package backends

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"foil/models/backend"
)

const library = "pkg/capi/libfake.so.1"

// fakePackage makes an archive and a package that consists of it.
func fakePackage(t *testing.T) (p *backend.Package, archive []byte) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"pkg/__init__.py", library, "pkg/LICENSE"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(w, "content of %s", name)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	w := backend.Wheel{
		File: "fake-1.0-py3.whl", SHA256: fmt.Sprintf("%x", sha256.Sum256(b.Bytes())), Size: int64(b.Len()),
		Library: library, Also: []string{"pkg/LICENSE"},
	}
	t.Setenv("FOIL_BACKENDS", filepath.Join(t.TempDir(), "backends"))
	return &backend.Package{
		Name: "fake", Title: "Fake", Serves: "fake:cpu", Version: "1.0", Project: "fake",
		Wheels: map[string]backend.Wheel{runtime.GOOS + "/" + runtime.GOARCH: w},
	}, b.Bytes()
}

// An index of packages, in one of the forms that servers have. The files lie on another path.
func index(t *testing.T, archive []byte, kind, page string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case user != "" && password != "secret":
			http.Error(w, "who?", http.StatusUnauthorized)
		case r.URL.Path == "/simple/fake/":
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, page)
		case r.URL.Path == "/files/fake-1.0-py3.whl":
			w.Write(archive)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

const (
	htmlPage = `<!DOCTYPE html><html><body><h1>Links</h1>
<a href="../../files/other.whl#sha256=00">fake-0.9-py3.whl</a><br/>
<a data-requires-python="&gt;=3.11" href="../../files/fake-1.0-py3.whl#sha256=00" >
 fake-1.0-py3.whl </a></body></html>`
	jsonPage = `{"name": "fake", "files": [{"filename": "fake-0.9-py3.whl", "url": "x"}, {"filename": "fake-1.0-py3.whl", "url": "/files/fake-1.0-py3.whl"}]}`
)

func TestInstall(t *testing.T) {
	for name, c := range map[string]struct{ kind, page string }{
		"html": {"text/html; charset=utf-8", htmlPage},
		"json": {jsonIndex, jsonPage},
	} {
		p, archive := fakePackage(t)
		s := index(t, archive, c.kind, c.page)
		var total int64
		i := Installer{Index: s.URL + "/simple/", Progress: func(_, n int64) { total = n }}
		m, fresh, err := i.Install(t.Context(), p)
		if err != nil || !fresh {
			t.Fatalf("%s: %v, fresh: %v", name, err, fresh)
		}
		dir, _ := p.Dir()
		text, err := os.ReadFile(filepath.Join(dir, m.Library))
		if err != nil || string(text) != "content of "+library || m.Version != "1.0" || len(m.Files) != 2 {
			t.Errorf("%s: %q, %v, %+v", name, text, err, m)
		}
		if total != int64(len(archive)) {
			t.Errorf("%s: the display is told %d bytes of %d", name, total, len(archive))
		}
		only(t, filepath.Dir(dir), filepath.Base(dir))
		only(t, dir, "LICENSE", "foil-backend.json", "libfake.so.1")

		// A second time nothing is downloaded, and a damaged file is replaced.
		s.Close()
		if _, fresh, err := i.Install(t.Context(), p); err != nil || fresh {
			t.Errorf("%s, again: %v, fresh: %v", name, err, fresh)
		}
		path := filepath.Join(dir, m.Library)
		if err := os.Chmod(path, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("other"), 0o666); err != nil {
			t.Fatal(err)
		}
		i.Index = index(t, archive, c.kind, c.page).URL + "/simple"
		if _, fresh, err := i.Install(t.Context(), p); err != nil || !fresh {
			t.Errorf("%s, damaged: %v, fresh: %v", name, err, fresh)
		}
		if m, err := p.Installed(); err != nil || m == nil {
			t.Errorf("%s, repaired: %v, %v", name, m, err)
		}
		only(t, filepath.Dir(dir), filepath.Base(dir))
	}
}

func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if err != nil || strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("%s holds %q, %v; want %q", dir, got, err, names)
	}
}

// A mirror may ask for a name and a password. They never stand in an error.
func TestMirrorWithPassword(t *testing.T) {
	p, archive := fakePackage(t)
	s := index(t, archive, "text/html", htmlPage)
	with := func(user string) string { return strings.Replace(s.URL, "http://", "http://"+user+"@", 1) + "/simple" }
	t.Setenv("PIP_INDEX_URL", with("me:wrongword"))
	if _, _, err := (Installer{}).Install(t.Context(), p); err == nil || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), "wrongword") {
		t.Errorf("error %v, want one with the answer and without the password", err)
	}
	t.Setenv("PIP_INDEX_URL", with("me:secret"))
	if _, _, err := (Installer{}).Install(t.Context(), p); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNotThePackageIsRefused(t *testing.T) {
	p, archive := fakePackage(t)
	file := filepath.Join(t.TempDir(), "a.whl")
	if err := os.WriteFile(file, append(bytes.Clone(archive), 0), 0o666); err != nil {
		t.Fatal(err)
	}
	good := index(t, archive, "text/html", htmlPage)
	for name, c := range map[string]struct {
		i    Installer
		want string
	}{
		"other content":        {Installer{Index: index(t, []byte("evil"), "text/html", htmlPage).URL + "/simple"}, "the published file has"},
		"not listed":           {Installer{Index: index(t, archive, "text/html", "<html></html>").URL + "/simple"}, "does not list fake-1.0-py3.whl"},
		"no JSON":              {Installer{Index: index(t, archive, jsonIndex, "{").URL + "/simple"}, "does not list fake-1.0-py3.whl"},
		"file address":         {Installer{Index: index(t, archive, jsonIndex, `{"files": [{"filename": "fake-1.0-py3.whl", "url": "file:///etc/passwd"}]}`).URL + "/simple"}, "gives the address"},
		"no project":           {Installer{Index: good.URL + "/other"}, "404"},
		"no URL":               {Installer{Index: "pypi"}, "the address of the index is not a URL"},
		"another local file":   {Installer{Wheel: file}, "a.whl is not the file that foil needs, or is damaged: its SHA-256 is "},
		"no local file":        {Installer{Wheel: file + ".gone"}, "a.whl.gone"},
		"advice for no mirror": {Installer{Index: good.URL + "/other"}, "--wheel a file fake-1.0-py3.whl that you have"},
	} {
		if _, _, err := c.i.Install(t.Context(), p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
		if m, err := p.Installed(); m != nil || err != nil {
			t.Errorf("%s: it is installed: %+v, %v", name, m, err)
		}
	}
	dir, _ := p.Dir()
	only(t, filepath.Dir(dir))

	if err := os.WriteFile(file, archive, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, fresh, err := (Installer{Wheel: file}).Install(t.Context(), p); err != nil || !fresh {
		t.Errorf("from a file: %v, fresh: %v", err, fresh)
	}
	p.Wheels = map[string]backend.Wheel{"plan9/mips": {}}
	if _, _, err := (Installer{}).Install(t.Context(), p); err == nil || !strings.Contains(err.Error(), "only for plan9/mips") {
		t.Errorf("on a system without a build: %v", err)
	}
}

func TestInstallEndsWithItsContext(t *testing.T) {
	p, archive := fakePackage(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	i := Installer{Index: index(t, archive, "text/html", htmlPage).URL + "/simple"}
	if _, _, err := i.Install(ctx, p); err == nil {
		t.Error("a cancelled installation succeeded")
	}
	dir, _ := p.Dir()
	only(t, filepath.Dir(dir))
}

func FuzzLinkIn(f *testing.F) {
	f.Add([]byte(htmlPage), true)
	f.Add([]byte(jsonPage), false)
	f.Fuzz(func(t *testing.T, page []byte, html bool) {
		kind := jsonIndex
		if html {
			kind = "text/html"
		}
		linkIn(page, kind, "fake-1.0-py3.whl")
	})
}

func TestListNamesEveryBackend(t *testing.T) {
	t.Setenv("FOIL_BACKENDS", t.TempDir())
	states := List()
	if len(states) == 0 || states[0].Backend != backend.Default || states[0].Err != nil || states[0].Library == "" {
		t.Errorf("%+v", states)
	}
	for _, s := range states[1:] {
		if s.Err == nil && s.Library == "" {
			t.Errorf("%+v says neither what computes nor what is missing", s)
		}
	}
}
