package load

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/dataset"
	"foil/internal/digest"
	"foil/pipeline"
)

// files are a tiny MovieLens 1M: user 3 has no rating of 4 or more, and movie
// 20 has none.
var files = map[string]string{
	"users.dat":   "1::F::1::10::48067\n2::M::56::16::70072\n3::M::25::15::55117\n",
	"movies.dat":  "10::Toy Story (1995)::Animation\n20::Jumanji (1995)::Adventure\n30::Am\xe9lie (2001)::Comedy\n",
	"ratings.dat": "2::30::5::1\n1::10::4::1\n1::30::4::1\n3::20::3::1\n2::20::2::1\n",
}

func unpacked(t testing.TB, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range dataset.MovieLensFiles() {
		name := m.Name
		w, err := z.Create("ml-1m/" + name)
		if err == nil {
			_, err = io.WriteString(w, files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipFile(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "ml-1m.zip")
	if err := os.WriteFile(path, zipped(t), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// loaded plans and runs the kind.
func loaded(t testing.TB, kind pipeline.Kind, env *pipeline.Env, params any) (*artifact.Dataset, pipeline.Artifact, error) {
	t.Helper()
	cell := &pipeline.Cell{Env: env, OutDir: t.TempDir(), Seed: 42}
	if params == nil {
		params = kind.Params()
	}
	var err error
	if cell.Sources, err = kind.Sources(t.Context(), env, params); err != nil {
		return nil, pipeline.Artifact{}, err
	}
	if err := kind.Run(t.Context(), cell, params); err != nil {
		if left, _ := os.ReadDir(cell.OutDir); len(left) != 0 {
			t.Errorf("half-written: %v", left)
		}
		return nil, pipeline.Artifact{}, err
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := artifact.ReadDataset(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	return d, a, nil
}

func TestLocalCopiesAreFound(t *testing.T) {
	want := &artifact.Dataset{
		Interactions: artifact.Interactions{User: []int32{0, 0, 1}, Item: []int32{0, 1, 1}},
		Users: artifact.Users{ID: []string{"1", "2"}, Attributes: []artifact.Attribute{
			{Name: "gender", Category: []string{"f", "m"}}, {Name: "age", Number: []float32{1, 56}},
			{Name: "occupation", Category: []string{"10", "16"}},
		}},
		Items: artifact.Items{ID: []string{"10", "30"}, Title: []string{"Toy Story (1995)", "Amélie (2001)"}},
	}
	inside := t.TempDir()
	unpacked(t, filepath.Join(inside, "ml-1m"))
	archive := t.TempDir()
	zipFile(t, archive)
	for name, data := range map[string]string{
		"a folder that holds the zip": archive,
		"the zip itself":              zipFile(t, t.TempDir()),
		"a folder that holds ml-1m":   inside,
		"the folder itself":           unpacked(t, t.TempDir()),
	} {
		got, _, err := loaded(t, MovieLens1M(), &pipeline.Env{DataDir: data}, nil)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestWhereACopyLiesIsNotInTheDigest(t *testing.T) {
	digests := map[digest.Digest]bool{}
	for range 2 {
		for _, data := range []string{zipFile(t, t.TempDir()), unpacked(t, t.TempDir())} {
			s, err := MovieLens1M().Sources(t.Context(), &pipeline.Env{DataDir: data}, movieLensParams.New())
			if err != nil {
				t.Fatal(err)
			}
			digests[s[0].Digest] = true
		}
	}
	if len(digests) != 2 {
		t.Errorf("%d digests of a zip and a folder, each twice", len(digests))
	}
}

func TestBadCopiesAreRefused(t *testing.T) {
	empty := t.TempDir()
	cut := zipFile(t, t.TempDir())
	if err := os.Truncate(cut, 200); err != nil {
		t.Fatal(err)
	}
	line := unpacked(t, t.TempDir())
	if err := os.WriteFile(filepath.Join(line, "ratings.dat"), []byte("1::10::4::1\n9::10::4::1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	part := unpacked(t, t.TempDir())
	if err := os.Remove(filepath.Join(part, "movies.dat")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ data, want string }{
		"nothing there":    {empty, "it has none of ml-1m.zip, ml-1m/ratings.dat, ratings.dat"},
		"no such folder":   {filepath.Join(empty, "x"), "the data folder (--data or FOIL_DATA) cannot be read"},
		"a truncated zip":  {cut, "not a complete zip file"},
		"a missing file":   {part, "has no movies.dat"},
		"a line that lies": {line, "ratings.dat:2: user 9 is not in users.dat"},
	} {
		if _, _, err := loaded(t, MovieLens1M(), &pipeline.Env{DataDir: c.data}, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, wants %s", name, err, c.want)
		}
	}
}

func TestACopyThatChangesIsNoticed(t *testing.T) {
	kind, env := MovieLens1M(), &pipeline.Env{DataDir: unpacked(t, t.TempDir())}
	sources, err := kind.Sources(t.Context(), env, kind.Params())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(env.DataDir, "ratings.dat"), []byte("1::10::4::1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	err = kind.Run(t.Context(), &pipeline.Cell{Env: env, Sources: sources, OutDir: t.TempDir()}, kind.Params())
	if err == nil || !strings.Contains(err.Error(), "changed during the run") {
		t.Error(err)
	}
}

func TestNoRatingHighEnoughIsAnError(t *testing.T) {
	env := &pipeline.Env{DataDir: unpacked(t, t.TempDir())}
	if err := os.WriteFile(filepath.Join(env.DataDir, "ratings.dat"), []byte("1::10::4::1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, _, err := loaded(t, MovieLens1M(), env, &MovieLensParams{MinRating: 5})
	if want := "none of the 1 ratings is 5 or more; lower min_rating"; err == nil || err.Error() != want {
		t.Error(err)
	}
}

// publisher serves the zip and counts how often it was asked.
func publisher(t testing.TB) (kind pipeline.Kind, url string, asked *int) {
	t.Helper()
	asked = new(int)
	content := zipped(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		*asked++
		w.Write(content)
	}))
	t.Cleanup(server.Close)
	original := dataset.Original{Name: "ml-1m.zip", URL: server.URL, Size: int64(len(content)), Digest: digest.Of(content)}
	return movieLens(dataset.Downloader{}, original), server.URL, asked
}

func TestTheOriginalIsDownloadedOnce(t *testing.T) {
	kind, _, asked := publisher(t)
	env := &pipeline.Env{Downloads: filepath.Join(t.TempDir(), "downloads")}
	_, first, err := loaded(t, kind, env, nil)
	if err != nil {
		t.Fatal(err)
	}
	env.Offline = true
	_, second, err := loaded(t, kind, env, nil)
	if err != nil || first.Digest() != second.Digest() || *asked != 1 {
		t.Errorf("%v, asked %d times", err, *asked)
	}

	t.Run("a damaged download is made again", func(t *testing.T) {
		archive := filepath.Join(env.Downloads, "ml-1m.zip")
		if err := os.Truncate(archive, 100); err != nil {
			t.Fatal(err)
		}
		if _, _, err := loaded(t, kind, env, nil); err == nil || !strings.HasPrefix(err.Error(), archive+" is damaged: ") {
			t.Errorf("offline: got %v, want an error that names the file", err)
		}
		env.Offline = false
		if _, third, err := loaded(t, kind, env, nil); err != nil || third.Digest() != first.Digest() || *asked != 2 {
			t.Errorf("%v, asked %d times", err, *asked)
		}
	})
}

func TestPlanningDoesNotDownload(t *testing.T) {
	kind, _, asked := publisher(t)
	s, err := kind.Sources(t.Context(), &pipeline.Env{Downloads: t.TempDir()}, kind.Params())
	if err != nil || *asked != 0 || s[0].Digest.IsZero() {
		t.Errorf("%+v, %v, asked %d times", s, err, *asked)
	}
}

func TestNoNetworkAndNoDataNamesTheThreeWays(t *testing.T) {
	kind, url, _ := publisher(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, c := range map[string]struct {
		kind pipeline.Kind
		env  *pipeline.Env
		url  string
	}{
		"offline":    {kind, &pipeline.Env{Downloads: t.TempDir(), Offline: true}, url},
		"no network": {movieLens(dataset.Downloader{}, dataset.Original{Name: "ml-1m.zip", URL: gone.URL, Size: 1}), &pipeline.Env{Downloads: t.TempDir()}, gone.URL},
		"no folder":  {kind, &pipeline.Env{}, url},
	} {
		_, _, err := loaded(t, c.kind, c.env, nil)
		if err == nil {
			t.Fatalf("%s: loaded", name)
		}
		for _, want := range []string{"--data DIR", "FOIL_DATA=DIR", "allow the download of " + c.url} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not name %s", name, err, want)
			}
		}
	}
}

func TestCancelledDownloadStops(t *testing.T) {
	kind, _, _ := publisher(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	env := &pipeline.Env{Downloads: t.TempDir()}
	sources, err := kind.Sources(t.Context(), env, kind.Params())
	if err != nil {
		t.Fatal(err)
	}
	if err := kind.Run(ctx, &pipeline.Cell{Env: env, Sources: sources, OutDir: t.TempDir()}, kind.Params()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Output changed and Version not raised: raise it, and only then change the
// digest here.
func TestMovieLensIsPinned(t *testing.T) {
	kind, env := MovieLens1M(), &pipeline.Env{DataDir: unpacked(t, t.TempDir())}
	_, a, err := loaded(t, kind, env, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(kind.Version, " ", a.Digest().Short()), "2 926018622751"; got != want {
		t.Errorf("version and digest are %s, were %s", got, want)
	}
	_, b, err := loaded(t, kind, env, &MovieLensParams{MinRating: 1})
	if err != nil || a.Digest() == b.Digest() {
		t.Errorf("another min_rating has the same output (%v)", err)
	}
}
