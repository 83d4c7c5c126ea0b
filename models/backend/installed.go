package backend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// manifestName is the file in the folder of an installed package that describes it.
const manifestName = "foil-backend.json"

// An Installed package is one that foil has installed. Its folder holds this as JSON.
type Installed struct {
	Name     string          `json:"name"`
	Version  string          `json:"version"`
	Source   string          `json:"source"`        // the archive that it comes from
	SHA256   string          `json:"source_sha256"` // of the archive
	Library  string          `json:"library"`       // which of the files is the library
	Files    []InstalledFile `json:"files"`
	Platform string          `json:"platform"`
	Time     time.Time       `json:"installed"`
}

// An InstalledFile is a file of an installed package.
type InstalledFile struct {
	Name   string    `json:"name"`
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256"`
	Time   time.Time `json:"modified"` // while it is this, the content is taken to be the same
}

// library is the file that programs load.
func (m *Installed) library() InstalledFile {
	for _, f := range m.Files {
		if f.Name == m.Library {
			return f
		}
	}
	return InstalledFile{}
}

// InstallDir is the folder in which packages are installed: $FOIL_BACKENDS, or a folder in the
// user's data folder.
func InstallDir() (string, error) {
	if dir := os.Getenv("FOIL_BACKENDS"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) && runtime.GOOS != "windows" {
		return filepath.Join(dir, "foil", "backends"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no folder for numeric backends: %w; set FOIL_BACKENDS", err)
	}
	switch runtime.GOOS {
	case "windows":
		return filepath.Join(home, "AppData", "Local", "foil", "backends"), nil
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "foil", "backends"), nil
	}
	return filepath.Join(home, ".local", "share", "foil", "backends"), nil
}

// Dir is the folder of this version of the package.
func (p *Package) Dir() (string, error) {
	dir, err := InstallDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, p.Name+"-"+p.Version), nil
}

// Installed returns the manifest of this version of the package, after checking the files, or nil if
// it is not installed.
func (p *Package) Installed() (*Installed, error) {
	dir, err := p.Dir()
	if err != nil {
		return nil, err
	}
	return readInstalled(dir)
}

// installedBeside returns the manifest beside a library, after checking the files. It is nil if foil
// has not installed this library.
func installedBeside(library string) (*Installed, error) {
	m, err := readInstalled(filepath.Dir(library))
	if m == nil || m.Library != filepath.Base(library) {
		return nil, err
	}
	return m, err
}

// readInstalled reads the manifest of a folder and checks its files.
func readInstalled(dir string) (*Installed, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	m := new(Installed)
	if err := json.Unmarshal(text, m); err != nil || m.library().SHA256 == "" {
		return nil, fmt.Errorf("%s is damaged; foil backend install writes it again", filepath.Join(dir, manifestName))
	}
	for _, f := range m.Files {
		if !filepath.IsLocal(f.Name) {
			return nil, fmt.Errorf("%s names a file %q", filepath.Join(dir, manifestName), f.Name)
		}
		if err := f.check(filepath.Join(dir, f.Name)); err != nil {
			return nil, fmt.Errorf("%w; foil backend install %s installs it again", err, m.Name)
		}
	}
	return m, nil
}

// check compares a file with the manifest. Its content is read only if its size or time has changed
// since it was installed.
func (f InstalledFile) check(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() == f.Size && info.ModTime().Equal(f.Time) {
		return nil
	}
	sum, err := fileDigest(path)
	if err == nil && sum != f.SHA256 {
		err = fmt.Errorf("%s has changed since it was installed", path)
	}
	return err
}

// Record describes the files of a folder and writes the manifest, the last step of an installation.
func (m *Installed) Record(dir string, names []string) error {
	m.Files = nil
	for _, name := range names {
		path := filepath.Join(dir, name)
		sum, err := fileDigest(path)
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		m.Files = append(m.Files, InstalledFile{Name: name, Size: info.Size(), SHA256: sum, Time: info.ModTime()})
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifestName), append(text, '\n'), 0o666)
}
