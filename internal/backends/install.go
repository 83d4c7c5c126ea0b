// Package backends installs the libraries of numeric backends that are not written in Go. Versions
// and digests are those of backend.Packages. Nothing here runs unasked.
package backends

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"foil/internal/dataset"
	"foil/internal/digest"
	"foil/models/backend"
)

// An Installer installs packages.
type Installer struct {
	Index    string                  // of a Python package index, in the simple form; "": see DefaultIndex
	Wheel    string                  // an archive that was downloaded before; "": it is downloaded
	Progress func(done, total int64) // of the download; may be nil
}

// Install installs a package, unless it is there and intact. fresh reports whether it was
// installed now.
func (i Installer) Install(ctx context.Context, p *backend.Package) (m *backend.Installed, fresh bool, err error) {
	w := p.Wheel()
	if w == nil {
		return nil, false, fmt.Errorf("foil has no build of %s for %s/%s, only for %s", p.Title, runtime.GOOS, runtime.GOARCH, strings.Join(platforms(p), ", "))
	}
	dir, err := p.Dir()
	if err != nil {
		return nil, false, err
	}
	if m, err := p.Installed(); err == nil && m != nil && m.SHA256 == w.SHA256 {
		return m, false, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return nil, false, err
	}
	// Beside its place, so that the folder can be renamed. A killed installation leaves this behind.
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".installing-"+p.Name+"-")
	if err != nil {
		return nil, false, err
	}
	defer os.RemoveAll(tmp)
	archive, err := i.archive(ctx, p, w, tmp)
	if err != nil {
		return nil, false, err
	}
	out := filepath.Join(tmp, "out")
	names, err := extract(archive, out, append([]string{w.Library}, w.Also...))
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", archive, err)
	}
	m = &backend.Installed{
		Name: p.Name, Version: p.Version, Source: w.File, SHA256: w.SHA256, Library: names[0],
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Time: time.Now().UTC().Truncate(time.Second),
	}
	if err := m.Record(out, names); err != nil {
		return nil, false, err
	}
	return m, true, replaceFolder(out, dir, filepath.Join(tmp, "old"))
}

func platforms(p *backend.Package) (names []string) {
	for name := range p.Wheels {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// archive returns the path of the package's archive, after comparing it with its digest.
func (i Installer) archive(ctx context.Context, p *backend.Package, w *backend.Wheel, dir string) (string, error) {
	if i.Wheel != "" {
		sum, _, err := digest.OfFile(i.Wheel)
		if err == nil && sum.String() != w.SHA256 {
			err = fmt.Errorf("%s is not the file that foil needs, or is damaged: its SHA-256 is %s, and that of %s is %s", i.Wheel, sum, w.File, w.SHA256)
		}
		return i.Wheel, err
	}
	var sum digest.Digest
	if err := sum.UnmarshalText([]byte(w.SHA256)); err != nil {
		return "", err
	}
	url, client, err := i.find(ctx, p.Project, w.File)
	if err != nil {
		return "", fmt.Errorf("%w; --index names another index, and --wheel a file %s that you have", err, w.File)
	}
	to := filepath.Join(dir, "wheel")
	d := dataset.Downloader{Client: client, Progress: i.Progress, Once: true}
	return to, d.Fetch(ctx, dataset.Original{Name: w.File, URL: url, Size: w.Size, Digest: sum}, to)
}

// extract copies files of a zip archive to a folder and returns their base names.
func extract(archive, dir string, files []string) ([]string, error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	var names []string
	for _, name := range files {
		f, err := z.Open(name)
		if err != nil {
			return nil, err
		}
		err = write(filepath.Join(dir, path.Base(name)), f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		names = append(names, path.Base(name))
	}
	return names, nil
}

// write makes a file that is read-only and on disk.
func write(path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// replaceFolder moves a folder to a place where a damaged one may be. Another process may have
// installed the same at the same time.
func replaceFolder(from, to, old string) error {
	if err := os.Rename(to, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(from, to)
}
