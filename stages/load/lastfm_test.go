package load

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/dataset"
	"foil/internal/digest"
	"foil/pipeline"
	"foil/spec"
)

// lastFMUsers are SHA-1 sums in sorted order.
var lastFMUsers = func() (ids []string) {
	for i := range 6 {
		ids = append(ids, fmt.Sprintf("%040x", i+1))
	}
	return ids
}()

const (
	mbidOfU2   = "a3cb23fc-acd3-4ce0-8f36-1e5aa6a18432"
	mbidOfElis = "eaaee2c2-0851-43a2-84c8-0198135bc3a8"
)

// lastFMFiles are a tiny Last.fm 360K with the faults of the published one: lines of no user, a
// line twice, names with tabs, quotes and bytes that are not UTF-8, artists without MBID, users
// without gender, with impossible ages, without a profile, and without a play.
func lastFMFiles() map[string]string {
	u := lastFMUsers
	plays := [][]string{
		{u[1], mbidOfU2, "u2", "31"},
		{u[0], mbidOfU2, "u2", "4"},
		{u[0], mbidOfU2, "u2", "4"},
		{u[0], "", "bj\xf6rk", "12"},
		{u[2], mbidOfElis, "elis", "9"},
		{u[2], "", "the \"b\"\tsides", "7"},
		{u[3], mbidOfElis, "ELIS", "5"},
		{u[3], "", "rare", "0"},
		{u[4], "", "the \"b\"\tsides", "1"},
		{"sep 20, 2008", mbidOfElis, "turbostaat", "12"},
		{u[4], "", "", "3"},
	}
	profiles := [][]string{
		{u[0], "f", "22", "Germany", "Feb 1, 2007"},
		{u[1], "", "-1337", "Germany", "Feb 1, 2007"},
		{u[2], "m", "0", "Côte D'Ivoire", ""},
		{u[3], "m", "101", "Italy", "Feb 1, 2007"},
		{u[5], "m", "33", "Italy", "Feb 1, 2007"},
	}
	files := map[string]string{}
	for name, lines := range map[string][][]string{dataset.LastFMPlaysFile: plays, dataset.LastFMProfilesFile: profiles} {
		for _, l := range lines {
			files[name] += strings.Join(l, "\t") + "\n"
		}
	}
	return files
}

func lastFMFolder(t testing.TB, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range lastFMFiles() {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lastFMArchive packs the files, the plays first or last.
func lastFMArchive(t testing.TB, dir string, playsFirst bool) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	files := lastFMFiles()
	names := slices.Sorted(maps.Keys(files))
	if !playsFirst {
		slices.Reverse(names)
	}
	for _, name := range append(names, "README.txt", "mbox_sha1sum.py") {
		text := files[name]
		if err := w.WriteHeader(&tar.Header{Name: "lastfm-dataset-360K/" + name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "lastfm-dataset-360K.tar.gz")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCopiesOfLastFMAreFound(t *testing.T) {
	inside, holds, last := t.TempDir(), t.TempDir(), t.TempDir()
	lastFMFolder(t, filepath.Join(inside, "lastfm-dataset-360K"))
	lastFMArchive(t, holds, true)
	lastFMArchive(t, last, false)
	u := lastFMUsers
	nan := float32(math.NaN())
	want := &artifact.Dataset{
		Interactions: artifact.Interactions{User: []int32{0, 0, 1, 2, 2, 3, 4}, Item: []int32{0, 2, 0, 1, 3, 1, 3}},
		Users: artifact.Users{ID: u[:5], Attributes: []artifact.Attribute{
			{Name: "gender", Category: []string{"f", "", "m", "m", ""}}, {Name: "age", Number: []float32{22, nan, nan, nan, nan}},
			{Name: "country", Category: []string{"Germany", "Germany", "", "", ""}},
		}},
		Items: artifact.Items{ID: []string{mbidOfU2, mbidOfElis, "name:bj\uFFFDrk", "name:the \"b\"\tsides"}, Title: []string{"u2", "elis", "bj\uFFFDrk", "the \"b\"\tsides"}},
	}
	params := lastFMParams.Defaults()
	params.MinCountry = 2
	for name, data := range map[string]string{
		"a folder that holds the archive": holds,
		"the archive itself":              lastFMArchive(t, t.TempDir(), true),
		"an archive in another order":     last,
		"a folder that holds the folder":  inside,
		"the folder itself":               lastFMFolder(t, t.TempDir()),
	} {
		got, _, err := loaded(t, LastFM360k(), &pipeline.Env{DataDir: data}, &params)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a, b := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); a != b { // NaN
			t.Errorf("%s: got %s, want %s", name, a, b)
		}
	}
}

func TestParametersOfLastFM(t *testing.T) {
	env := &pipeline.Env{DataDir: lastFMFolder(t, t.TempDir())}
	u := lastFMUsers
	for _, c := range []struct {
		name      string
		change    func(*LastFMParams)
		users     []string
		ages      string
		countries string
	}{
		{"the defaults", func(*LastFMParams) {}, u[:5], "[22 NaN NaN NaN NaN]", "[    ]"},
		{"plays", func(p *LastFMParams) { p.MinPlays = 8 }, u[:3], "[22 NaN NaN]", "[  ]"},
		{"many plays", func(p *LastFMParams) { p.MinPlays = 31 }, u[1:2], "[NaN]", "[]"},
		{"two users", func(p *LastFMParams) { p.Users = 2 }, u[:2], "[22 NaN]", "[ ]"},
		{"more users than there are", func(p *LastFMParams) { p.Users = 9 }, u[:5], "[22 NaN NaN NaN NaN]", "[    ]"},
		{"users and plays", func(p *LastFMParams) { p.Users, p.MinPlays = 3, 9 }, u[:3], "[22 NaN NaN]", "[  ]"},
		{"low ages", func(p *LastFMParams) { p.MinAge = 0 }, u[:5], "[22 NaN 0 NaN NaN]", "[    ]"},
		{"high ages", func(p *LastFMParams) { p.MinAge, p.MaxAge = 23, 101 }, u[:5], "[NaN NaN NaN 101 NaN]", "[    ]"},
		// A user without a play counts for no country.
		{"countries of one user", func(p *LastFMParams) { p.MinCountry = 1 }, u[:5], "[22 NaN NaN NaN NaN]", "[Germany Germany Côte D'Ivoire Italy ]"},
		{"countries of two", func(p *LastFMParams) { p.MinCountry = 2 }, u[:5], "[22 NaN NaN NaN NaN]", "[Germany Germany   ]"},
	} {
		p := lastFMParams.Defaults()
		c.change(&p)
		d, _, err := loaded(t, LastFM360k(), env, &p)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !reflect.DeepEqual(d.Users.ID, c.users) {
			t.Errorf("%s: users %q, want %q", c.name, d.Users.ID, c.users)
		}
		if ages, countries := fmt.Sprint(d.Users.Attributes[1].Number), fmt.Sprint(d.Users.Attributes[2].Category); ages != c.ages || countries != c.countries {
			t.Errorf("%s: ages %s, countries %s", c.name, ages, countries)
		}
	}
	p := lastFMParams.Defaults()
	p.MinPlays = 32
	if _, _, err := loaded(t, LastFM360k(), env, &p); err == nil || err.Error() != "none of the 11 lines of "+dataset.LastFMPlaysFile+" that count has 32 plays or more; lower min_plays" {
		t.Error(err)
	}
	for _, with := range []string{"{min_age: 30, max_age: 20}", "{min_plays: 0}", "{min_plays: 4294967296}"} {
		v, err := spec.ParseValue("with", with)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := LastFM360k().Decode(v); err == nil {
			t.Errorf("%s is accepted", with)
		}
	}
}

func TestCopiesOfLastFMAreCompared(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want []string
	}{
		"the archive": {lastFMArchive(t, t.TempDir(), true), []string{"lastfm-dataset-360K.tar.gz is not the published file: its MD5 is "}},
		"the folder": {lastFMFolder(t, t.TempDir()), []string{
			dataset.LastFMPlaysFile + " is not the published file: its MD5 is ", dataset.LastFMProfilesFile + " is not the published file: its MD5 is "}},
	} {
		var notes []string
		kind, env := LastFM360k(), &pipeline.Env{DataDir: c.data}
		cell := &pipeline.Cell{Env: env, OutDir: t.TempDir(), OnNote: func(s string) { notes = append(notes, s) }}
		var err error
		if cell.Sources, err = kind.Sources(t.Context(), env, kind.Params()); err != nil {
			t.Fatal(err)
		}
		if err := kind.Run(t.Context(), cell, kind.Params()); err != nil {
			t.Fatal(err)
		}
		want := append(c.want, "dropped lines without the SHA-1 of a user: 1, without an artist: 1; the first one is "+dataset.LastFMPlaysFile+":10")
		if len(notes) != len(want) {
			t.Fatalf("%s: notes %q", name, notes)
		}
		for i := range want {
			if !strings.HasPrefix(notes[i], want[i]) {
				t.Errorf("%s: note %q, want %q", name, notes[i], want[i])
			}
		}
	}
}

func TestMissingLastFM(t *testing.T) {
	empty := t.TempDir()
	part := lastFMFolder(t, t.TempDir())
	if err := os.Remove(filepath.Join(part, dataset.LastFMProfilesFile)); err != nil {
		t.Fatal(err)
	}
	cut := lastFMArchive(t, t.TempDir(), true)
	if err := os.Truncate(cut, 200); err != nil {
		t.Fatal(err)
	}
	line := lastFMFolder(t, t.TempDir())
	if err := os.WriteFile(filepath.Join(line, dataset.LastFMPlaysFile), []byte(lastFMUsers[0]+"\t\tx\t1\n"+lastFMUsers[0]+"\t\tx"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ data, want string }{
		"no folder given":     {"", "Last.fm 360K is not available: no data folder is given; download lastfm-dataset-360K.tar.gz from Zenodo (record 6090214, MD5 635e6ed3fc873aa4ba33aba0ebce02b1)"},
		"nothing there":       {empty, "no Last.fm 360K in " + empty + " (--data or FOIL_DATA); download"},
		"no such folder":      {filepath.Join(empty, "x"), "the data folder (--data or FOIL_DATA) cannot be read"},
		"a missing file":      {part, "has no " + dataset.LastFMProfilesFile},
		"a truncated archive": {cut, "not a complete tar.gz file"},
		"a broken last line":  {line, dataset.LastFMPlaysFile + ":2: 3 fields in"},
	} {
		if _, _, err := loaded(t, LastFM360k(), &pipeline.Env{DataDir: c.data}, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, wants %s", name, err, c.want)
		}
	}
}

func TestLastFMThatChangesIsNoticed(t *testing.T) {
	kind, env := LastFM360k(), &pipeline.Env{DataDir: lastFMFolder(t, t.TempDir())}
	sources, err := kind.Sources(t.Context(), env, kind.Params())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(env.DataDir, dataset.LastFMPlaysFile), []byte(lastFMUsers[0]+"\t\tx\t1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	err = kind.Run(t.Context(), &pipeline.Cell{Env: env, Sources: sources, OutDir: t.TempDir()}, kind.Params())
	if err == nil || !strings.Contains(err.Error(), "changed during the run") {
		t.Error(err)
	}
}

// Output changed and Version not raised: raise it, and only then change the digest here.
func TestLastFMIsPinned(t *testing.T) {
	digests := map[digest.Digest]bool{}
	for _, data := range []string{lastFMFolder(t, t.TempDir()), lastFMArchive(t, t.TempDir(), true)} {
		kind := LastFM360k()
		_, a, err := loaded(t, kind, &pipeline.Env{DataDir: data}, nil)
		if err != nil {
			t.Fatal(err)
		}
		digests[a.Digest()] = true
		if got, want := fmt.Sprint(kind.Version, " ", a.Digest().Short()), "1 1ed9f0f216c4"; got != want {
			t.Errorf("version and digest are %s, were %s", got, want)
		}
	}
	if len(digests) != 1 {
		t.Error("folder and archive give other tables")
	}
}
