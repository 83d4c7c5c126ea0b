package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/identity"
)

// files are the contents of files, by path.
type files map[string]string

// A bench is a results folder, beside a folder with the content of reports.
type bench struct {
	*testing.T
	results string
	objects string
}

func newBench(t *testing.T) *bench {
	dir := memoryDir(t)
	objects := filepath.Join(dir, "objects")
	if err := os.Mkdir(objects, 0o777); err != nil {
		t.Fatal(err)
	}
	return &bench{t, filepath.Join(dir, "results"), objects}
}

// memoryDir is a temporary folder, in memory where possible: the tests wait for the disk thousands
// of times.
func memoryDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "foil-publish-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// publication is the publication of an experiment x. The first part of a path is the report's
// folder in results/x; "." is results/x itself.
func (b *bench) publication(all files, spared ...string) *Publication {
	b.Helper()
	reports := map[string]*Report{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		cell, file, _ := strings.Cut(name, "/")
		r := reports[cell]
		if r == nil {
			r = &Report{
				Folder: path.Join("x", cell), Cell: cell, Costs: []byte("cell,figure\n"),
				Open:       func(f digest.File) (string, error) { return filepath.Join(b.objects, f.Digest.String()), nil },
				Provenance: func(m Manifest) any { return struct{ Manifest }{m} },
			}
			reports[cell] = r
		}
		f := digest.File{Name: file, Digest: digest.Of([]byte(all[name])), Size: int64(len(all[name]))}
		if err := os.WriteFile(filepath.Join(b.objects, f.Digest.String()), []byte(all[name]), 0o666); err != nil {
			b.Fatal(err)
		}
		r.Files = append(r.Files, f)
		r.Key = digest.KeyOf(fmt.Sprint(r.Key, f))
	}
	p := &Publication{Results: b.results, Folder: "x"}
	for _, cell := range slices.Sorted(maps.Keys(reports)) {
		p.Reports = append(p.Reports, *reports[cell])
	}
	for _, cell := range spared {
		p.Spared = append(p.Spared, path.Join("x", cell))
	}
	return p
}

func (b *bench) publish(all files, spared ...string) *Result {
	b.Helper()
	r, err := b.publication(all, spared...).Publish(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// add writes files of the user below results/x.
func (b *bench) add(all files) {
	b.Helper()
	for name, content := range all {
		file := filepath.Join(b.results, "x", filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(content), 0o666)); err != nil {
			b.Fatal(err)
		}
	}
}

// all returns the files below the results folder.
func (b *bench) all() files {
	b.Helper()
	got := files{}
	err := filepath.WalkDir(b.results, func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(b.results, file)
		if err != nil {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(file)
			got[filepath.ToSlash(name)] = "-> " + filepath.Base(to)
			return err
		}
		text, err := os.ReadFile(file)
		got[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return got
}

// want compares the files below results/x, without provenance.json and costs.csv.
func (b *bench) want(want files) {
	b.Helper()
	got := files{}
	for name, content := range b.all() {
		if base := path.Base(name); base != "provenance.json" && base != "costs.csv" {
			got[strings.TrimPrefix(name, "x/")] = content
		}
	}
	if !maps.Equal(got, want) {
		b.Errorf("got  %q\nwant %q", got, want)
	}
}

// isMine reports whether a content in these tests is that of a file of the user.
func isMine(content string) bool { return content == "mine" || content == "edited" }

// honest checks that every provenance.json that does not say that it is unfinished describes the
// files beside it, except those that the user changed, and that the files are those of one of some
// publications.
func (b *bench) honest(sets ...files) {
	b.Helper()
	root, err := os.OpenRoot(b.results)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	t := newTree(root, hooks{})
	all := b.all()
	for name := range all {
		if path.Base(name) != "provenance.json" || strings.HasPrefix(name, WorkPrefix) {
			continue
		}
		folder := path.Dir(name)
		m, err := t.readManifest(folder)
		if m == nil {
			b.Errorf("%s has no manifest (%v)", name, err)
			continue
		}
		if m.Unfinished != "" {
			continue
		}
		for _, f := range m.Files {
			if isMine(all[path.Join(folder, f.Name)]) {
				continue
			}
			if same, err := t.holds(b.Context(), path.Join(folder, f.Name), []digest.File{f}); !same {
				b.Errorf("%s lists %s, which is missing or has other content (%v)", name, f.Name, err)
			}
		}
		if !slices.ContainsFunc(sets, func(set files) bool {
			for _, r := range b.publication(set).Reports {
				if r.Folder == folder && sameFiles(r.Manifest().Files, m.Files) {
					return true
				}
			}
			return false
		}) {
			b.Errorf("%s is not that of a publication: %+v", name, m)
		}
	}
}

func TestPublicationsFollowEachOther(t *testing.T) {
	for _, c := range []struct {
		name   string
		before files  // a file that is not of foil, before the first publication
		first  files  // published first
		user   files  // then written by the user below results/x
		second files  // published then
		spared string // in the second publication
		want   files  // at the end, in results/x
		kept   [][2]string
	}{
		{name: "the same again", first: files{"./a.md": "1"}, second: files{"./a.md": "1"}, want: files{"a.md": "1"}},
		{name: "new content", first: files{"./a.md": "1", "./b/c.csv": "2"}, second: files{"./a.md": "3", "./b/c.csv": "2"}, want: files{"a.md": "3", "b/c.csv": "2"}},
		{name: "fewer files", first: files{"./a.md": "1", "./b/c/d.csv": "2", "./b/e.csv": "2"}, second: files{"./a.md": "1"}, want: files{"a.md": "1"}},
		{name: "files of the user stay", first: files{"./a.md": "1", "./b/c.csv": "2"}, user: files{"notes.txt": "mine", "b/mine.csv": "mine", "old/provenance.json": "{}"},
			second: files{"./a.md": "3"}, want: files{"a.md": "3", "notes.txt": "mine", "b/mine.csv": "mine"}},
		{name: "one report becomes several", first: files{"./a.md": "1", "./t/c.csv": "1"}, second: files{"t/a.md": "2", "u/a.md": "3"}, want: files{"t/a.md": "2", "u/a.md": "3"}},
		{name: "a file becomes a folder", first: files{"./t": "1", "./a.md": "1"}, second: files{"t/a.md": "2", "u/a.md": "3"}, want: files{"t/a.md": "2", "u/a.md": "3"}},
		{name: "several reports become one", first: files{"t/a.md": "1", "u/a.md": "2"}, second: files{"./t": "3", "./u/a.md": "2"}, want: files{"t": "3", "u/a.md": "2"}},
		{name: "a report with another name", first: files{"t/a.md": "1", "u/a.md": "2"}, user: files{"t/notes": "mine"}, second: files{"v/a.md": "1", "u/a.md": "2"},
			want: files{"v/a.md": "1", "u/a.md": "2", "t/notes": "mine"}},
		{name: "a report that failed", first: files{"t/a.md": "1", "u/a.md": "2"}, second: files{"u/a.md": "3"}, spared: "t", want: files{"t/a.md": "1", "u/a.md": "3"}},
		{name: "an edited file that is replaced", first: files{"./a.md": "1", "./b.csv": "1"}, user: files{"a.md": "edited"}, second: files{"./a.md": "2", "./b.csv": "2"},
			want: files{"a.md": "2", "b.csv": "2", "a.kept.md": "edited"}, kept: [][2]string{{"x/a.md", "x/a.kept.md"}}},
		{name: "an edited file, and the same report", first: files{"./a.md": "1"}, user: files{"a.md": "edited"}, second: files{"./a.md": "1"},
			want: files{"a.md": "1", "a.kept.md": "edited"}, kept: [][2]string{{"x/a.md", "x/a.kept.md"}}},
		{name: "an edited file that the report no longer has", first: files{"./a.md": "1", "./b.csv": "1"}, user: files{"b.csv": "edited"}, second: files{"./a.md": "1"},
			want: files{"a.md": "1", "b.csv": "edited"}, kept: [][2]string{{"x/b.csv", "x/b.csv"}}},
		{name: "an edited file of a report that is gone", first: files{"t/a.md": "1", "t/b.md": "1", "u/a.md": "2"}, user: files{"t/a.md": "edited"}, second: files{"./c.md": "1"},
			want: files{"c.md": "1", "t/a.md": "edited"}, kept: [][2]string{{"x/t/a.md", "x/t/a.md"}}},
		{name: "a name that is taken", user: files{"a.md": "mine", "a.kept.md": "older", "b": "mine"}, second: files{"./a.md": "1", "./b/c.csv": "2"},
			want: files{"a.md": "1", "a.kept.md": "older", "a.kept-2.md": "mine", "b.kept": "mine", "b/c.csv": "2"}, kept: [][2]string{{"x/a.md", "x/a.kept-2.md"}, {"x/b", "x/b.kept"}}},
		{name: "a kept name that the report has", user: files{"a.md": "mine"}, second: files{"./a.md": "1", "./a.kept.md": "2"},
			want: files{"a.md": "1", "a.kept.md": "2", "a.kept-2.md": "mine"}, kept: [][2]string{{"x/a.md", "x/a.kept-2.md"}}},
		{name: "a folder where a file has to be", user: files{"a.md/notes": "mine"}, second: files{"./a.md": "1"},
			want: files{"a.md": "1", "a.kept.md/notes": "mine"}, kept: [][2]string{{"x/a.md", "x/a.kept.md"}}},
		{name: "the same content from elsewhere", user: files{"a.md": "1"}, second: files{"./a.md": "1"}, want: files{"a.md": "1"}},
		{name: "a copy of a report", first: files{"t/a.md": "1", "u/a.md": "1"}, user: files{"copy/a.md": "1", "copy/provenance.json": `{"folder": "x/t", "files": [{"name": "a.md"}]}`},
			second: files{"t/a.md": "2", "u/a.md": "2"}, want: files{"t/a.md": "2", "u/a.md": "2", "copy/a.md": "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			if c.first != nil {
				b.publish(c.first)
			}
			b.add(c.user)
			var spared []string
			if c.spared != "" {
				spared = []string{c.spared}
			}
			r := b.publish(c.second, spared...)
			b.want(c.want)
			var kept [][2]string
			for _, k := range r.Kept {
				kept = append(kept, [2]string{k.Path, k.As})
			}
			if !slices.Equal(kept, c.kept) {
				t.Errorf("kept %q, want %q", kept, c.kept)
			}
			if (c.spared != "") != (len(r.Earlier) > 0) {
				t.Errorf("earlier reports: %q", r.Earlier)
			}
			before := b.all()
			if r := b.publish(c.second, spared...); len(r.Kept) > 0 || !maps.Equal(before, b.all()) {
				t.Errorf("again: %+v\n%q\n%q", r, before, b.all())
			}
		})
	}
}

// What is there already is not touched, even by a run with another command line.
func TestAPublishedReportIsNotWrittenAgain(t *testing.T) {
	b := newBench(t)
	b.publish(files{"t/a.md": "1", "u/a.md": "2"})
	p := b.publication(files{"t/a.md": "1", "u/a.md": "2"})
	p.hooks.step = func(op, name string) error { return fmt.Errorf("%s %s is a change", op, name) }
	if _, err := p.Publish(t.Context()); err != nil {
		t.Error(err)
	}
	// Work with another key makes the same files: the provenance changes.
	p.hooks.step = nil
	p.Reports[0].Key = digest.KeyOf("other")
	if _, err := p.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := b.all()["x/t/provenance.json"]; !strings.Contains(text, digest.KeyOf("other").String()) {
		t.Errorf("%s", text)
	}
}

// A publication that stops after any of its steps, and goes on later.
// Reports may be large, and the commit does not stop for Ctrl-C, so it must not read them.
func TestPublishedFilesAreReadOnce(t *testing.T) {
	dir := t.TempDir()
	b := &bench{t, filepath.Join(dir, "results"), filepath.Join(dir, "objects")}
	if err := os.Mkdir(b.objects, 0o777); err != nil {
		t.Fatal(err)
	}
	b.publish(files{"same/a.md": "1", "new/a.md": "1", "new/gone.md": "1", "gone/a.md": "1"})
	b.add(files{"new/a.md": "2"}) // by the user
	b.waitUntilSettled("x/new/a.md")
	p := b.publication(files{"same/a.md": "1", "new/a.md": "3"})
	read := map[string]int{}
	committing := false
	p.hooks.read = func(name string) {
		if read[name]++; read[name] > 1 || committing {
			t.Errorf("%s is read %d times, committing %v", name, read[name], committing)
		}
	}
	p.hooks.step = func(op, _ string) error {
		committing = committing || op == "rename"
		return nil
	}
	r, err := p.Publish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x/same/a.md", "x/new/a.md", "x/new/gone.md", "x/gone/a.md"} {
		if read[name] != 1 {
			t.Errorf("%s is read %d times", name, read[name])
		}
	}
	if len(r.Kept) != 1 || r.Kept[0].Path != "x/new/a.md" {
		t.Errorf("kept %v", r.Kept)
	}
}

// waitUntilSettled waits until the files that were written until now are known not to change
// unseen.
func (b *bench) waitUntilSettled(name string) {
	b.Helper()
	f, err := os.Open(filepath.Join(b.results, name))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for range 600 {
		s, err := identity.See(f)
		if err != nil {
			b.Fatal(err)
		}
		if s.Settled {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Skip("on this file system, writes may not show")
}

func TestEveryStepMayBeTheLast(t *testing.T) {
	for _, c := range []struct {
		name                string
		first, user, second files
		want                files
	}{
		{"first publication", nil, files{"notes": "mine", "t": "mine"}, files{"t/a.md": "1", "t/b/c.csv": "1", "u/a.md": "2"},
			files{"notes": "mine", "t.kept": "mine", "t/a.md": "1", "t/b/c.csv": "1", "u/a.md": "2"}},
		{"new content", files{"./a.md": "1", "./b/c.csv": "1", "./d": "1"}, files{"b/mine": "mine", "a.md": "edited"}, files{"./a.md": "2", "./b": "2", "./e": "2"},
			files{"a.md": "2", "a.kept.md": "edited", "b": "2", "b.kept/mine": "mine", "e": "2"}},
		{"one becomes several", files{"./a.md": "1", "./t": "1"}, files{"notes": "mine"}, files{"t/a.md": "2", "u/a.md": "2"},
			files{"notes": "mine", "t/a.md": "2", "u/a.md": "2"}},
		{"several become one", files{"t/a.md": "1", "u/b/a.md": "1"}, files{"u/a.md": "mine"}, files{"./t": "2", "./a.md": "1"},
			files{"t": "2", "a.md": "1", "u/a.md": "mine"}},
	} {
		failures := map[string]func(steps *int, last int) error{
			// After a kill nothing happens any more.
			"kill": func(steps *int, last int) error {
				if *steps++; *steps > last {
					return errors.New("killed")
				}
				return nil
			},
			// After a failure the publication cleans up.
			"full disk": func(steps *int, last int) error {
				if *steps++; *steps == last+1 {
					return syscall.ENOSPC
				}
				return nil
			},
		}
		for how, failure := range failures {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				t.Parallel()
				for last := 0; ; last++ {
					b := newBench(t)
					if c.first != nil {
						b.publish(c.first)
					}
					b.add(c.user)
					p := b.publication(c.second)
					var steps int
					p.hooks.step = func(string, string) error { return failure(&steps, last) }
					_, err := p.Publish(t.Context())
					if how == "full disk" && err != nil && !errors.Is(err, syscall.ENOSPC) {
						t.Fatalf("step %d: %v", last, err)
					}
					b.honest(c.first, c.second)
					mine := slices.Sorted(maps.Values(c.user))
					all := b.all()
					found := slices.DeleteFunc(slices.Sorted(maps.Values(all)), func(s string) bool { return !isMine(s) })
					if !slices.Equal(found, mine) {
						t.Errorf("step %d: the files of the user are %q now: %q", last, mine, all)
					}
					for name := range all {
						if how == "full disk" && strings.HasPrefix(name, WorkPrefix) && steps > last+1 && err != nil {
							t.Errorf("step %d: %s is left", last, name)
						}
					}
					b.publish(c.second)
					b.want(c.want)
					b.honest(c.second)
					if t.Failed() {
						t.Fatalf("after step %d: %v", last, err)
					}
					if err == nil && steps <= last {
						t.Logf("%d steps", steps)
						return
					}
				}
			})
		}
	}
}

func TestParallelPublicationsDoNotMix(t *testing.T) {
	b := newBench(t)
	var sets []files
	for i := range 6 {
		s := fmt.Sprint(i)
		sets = append(sets, files{"t/a.md": s, "t/b-" + s: s, "u/c/a.md": s, "u-" + s + "/a": s})
	}
	var all []*Publication
	for _, set := range sets {
		all = append(all, b.publication(set))
	}
	var group sync.WaitGroup
	for _, p := range all {
		group.Go(func() {
			for range 3 {
				if _, err := p.Publish(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	b.honest(sets...)
	last := b.all()["x/t/a.md"]
	i := slices.IndexFunc(sets, func(set files) bool { return set["t/a.md"] == last })
	if i < 0 {
		t.Fatalf("got %q", b.all())
	}
	b.want(sets[i])
}

func TestAFileSystemWithoutLocks(t *testing.T) {
	b := newBench(t)
	b.publish(files{"./a": "1"})
	other := filepath.Join(b.results, WorkPrefix+"x", "other") // belongs to another publication
	if err := os.MkdirAll(other, 0o777); err != nil {
		t.Fatal(err)
	}
	p := b.publication(files{"./b": "2"})
	p.hooks.tryLock = func(*os.File) (bool, error) { return false, errors.ErrUnsupported }
	if _, err := p.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want(files{"b": "2"})
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	p = b.publication(files{"./c": "3"})
	p.hooks.tryLock = func(*os.File) (bool, error) { return false, errors.ErrUnsupported }
	if _, err := p.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want(files{"c": "3"})
	if _, err := os.Stat(filepath.Dir(other)); err == nil {
		t.Error("the work folder is left")
	}
}

func TestAPublicationWaitsForTheLock(t *testing.T) {
	b := newBench(t)
	p := b.publication(files{"./a": "1"})
	ctx, cancel := context.WithCancel(t.Context())
	p.hooks.tryLock = func(*os.File) (bool, error) {
		cancel() // somebody else holds it
		return false, nil
	}
	if _, err := p.Publish(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	tries := 0
	p.hooks.tryLock = func(f *os.File) (bool, error) {
		tries++
		return tries > 2, nil
	}
	if _, err := p.Publish(t.Context()); err != nil || tries != 3 {
		t.Errorf("%d tries, %v", tries, err)
	}
	b.want(files{"a": "1"})
}

func TestLinksAreNotFollowed(t *testing.T) {
	for _, c := range []struct {
		name string
		link string // in the results folder
		to   string // a file or folder outside
		want files
	}{
		{"the folder of the experiment", "x", "folder", files{"x.kept": "-> folder", "t/a.md": "2", "u/a.md": "2"}},
		{"the folder of a report", "x/t", "folder", files{"t.kept": "-> folder", "t/a.md": "2", "u/a.md": "2"}},
		{"a file", "x/t/a.md", "folder/a.md", files{"t/a.kept.md": "-> a.md", "t/a.md": "2", "u/a.md": "2"}},
		{"a folder of a file that is gone", "x/t/b", "folder", files{"t/b": "-> folder", "t/a.md": "2", "u/a.md": "2"}},
		{"the provenance", "x/t/provenance.json", "folder/provenance.json", files{"t/provenance.kept.json": "-> provenance.json", "t/b/a.md": "1", "t/a.kept.md": "1", "t/a.md": "2", "u/a.md": "2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			outside := filepath.Join(t.TempDir(), "folder")
			b.publish(files{"t/a.md": "1", "t/b/a.md": "1", "u/a.md": "1"})
			if err := os.CopyFS(outside, os.DirFS(filepath.Join(b.results, "x/t"))); err != nil {
				t.Fatal(err)
			}
			before := readAll(t, outside)
			link := filepath.Join(b.results, c.link)
			if err := errors.Join(os.RemoveAll(link), os.Symlink(filepath.Join(filepath.Dir(outside), c.to), link)); err != nil {
				if runtime.GOOS == "windows" {
					t.Skip(err)
				}
				t.Fatal(err)
			}
			b.publish(files{"t/a.md": "2", "u/a.md": "2"})
			b.want(c.want)
			if after := readAll(t, outside); !maps.Equal(before, after) {
				t.Errorf("outside of the results folder:\n%q, before\n%q", after, before)
			}
		})
	}
}

func readAll(t *testing.T, dir string) files {
	return (&bench{T: t, results: dir}).all()
}

func TestNamesThatAreRefused(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"../a", "is not a path inside its folder"},
		{"a/../../b", "is not a path inside its folder"},
		{"/etc/passwd", "is not a path inside its folder"},
		{".", "is not a path inside its folder"},
		{"a//b", "is not a path inside its folder"},
		{"a\nb", "has control characters"},
		{"a\x1b[2J", "has control characters"},
		{"a\x00", "has control characters"},
		{"a\xff", "is not UTF-8"},
		{"first", "there are two files with the name"},
		{"first/b", `"first" is a file and also the folder of "first/b"`},
		{"provenance.json", "has the name of foil's own provenance.json"},
		{"Costs.CSV", "has the name of foil's own costs.csv"},
		{"b/provenance.json", "has the name of foil's own provenance.json"},
	} {
		b := newBench(t)
		p := b.publication(files{"./first": "1"})
		p.Reports[0].Files = append(p.Reports[0].Files, digest.File{Name: c.name, Digest: digest.Of([]byte("1")), Size: 1})
		if _, err := p.Publish(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.name, err, c.want)
		}
		if _, err := os.Lstat(b.results); err == nil {
			t.Errorf("%q: something was written", c.name)
		}
	}
}

func TestAManifestWithNamesOutsideIsNone(t *testing.T) {
	b := newBench(t)
	b.publish(files{"./a": "1"})
	b.add(files{"../y/mine": "1", "provenance.json": `{"folder": "x", "files": [{"name": "../y/mine", "size": 1, "digest": "` + digest.Of([]byte("1")).String() + `"}]}`})
	b.publish(files{"./b": "1"})
	b.want(files{"y/mine": "1", "a": "1", "b": "1", "provenance.kept.json": b.all()["x/provenance.kept.json"]})
}

func TestAnEndedContextChangesNothing(t *testing.T) {
	b := newBench(t)
	b.publish(files{"./a": "1"})
	before := b.all()
	for last := 0; ; last++ {
		ctx, cancel := context.WithCancel(t.Context())
		steps := 0
		p := b.publication(files{"./b": "2", "./c": "2"})
		p.hooks.step = func(op, name string) error {
			if steps++; steps == last {
				cancel()
			}
			if op == "rename" {
				t.Errorf("%s %s after the context has ended", op, name)
			}
			return nil
		}
		if last == 0 {
			cancel()
		}
		if last > 8 {
			break // the commit begins
		}
		if _, err := p.Publish(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("after %d steps: %v", last, err)
		}
		if after := b.all(); !maps.Equal(before, after) {
			t.Errorf("after %d steps: %q", last, after)
		}
	}
}

func TestContentThatChangesInTheCache(t *testing.T) {
	b := newBench(t)
	b.publish(files{"./a": "1"})
	before := b.all()
	p := b.publication(files{"./a": "right"})
	if err := os.WriteFile(filepath.Join(b.objects, p.Reports[0].Files[0].Digest.String()), []byte("wrong"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Publish(t.Context()); err == nil || !strings.Contains(err.Error(), "changed while it was copied") {
		t.Error(err)
	}
	if after := b.all(); !maps.Equal(before, after) {
		t.Errorf("%q", after)
	}
}
