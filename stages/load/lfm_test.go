package load

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/pipeline"
	"foil/spec"
)

// lfmFiles are a tiny LFM-2b-100k: nobody played track 2, and user 5 played
// nothing. Four users are of IT, two of UK.
var lfmFiles = map[string]string{
	"user_data.tsv": "0\tIT\t33\tf\t2006-06-18 21:07:33\n1\tUK\t10\tm\t2007-10-12 18:42:00\n2\tIT\t100\tm\t2005-06-15 22:02:11\n" +
		"3\tIT\t9\tn\t2005-09-30 22:38:33\n4\tUK\t101\t\t2010-11-03 02:52:17\n5\tIT\t25\tf\t2011-07-29 21:09:24\n",
	"tracks.tsv": "Hans Zimmer\t503\nRosalía\tBAGDAD\nTom Tykwer\tX\nJoe Liggins\tPink Champagne\n",
	"inter.tsv":  "1\t3\t7\n0\t1\t3\n1\t0\t2\n0\t0\t9\n2\t1\t1\n3\t0\t2\n4\t3\t2\n",
}

func lfmFolder(t testing.TB, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range lfmFiles {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestEveryPlayedTrackIsPositive(t *testing.T) {
	inside := t.TempDir()
	lfmFolder(t, filepath.Join(inside, "lfm-2b-100k"))
	for name, data := range map[string]string{"the folder itself": lfmFolder(t, t.TempDir()), "a folder that holds it": inside} {
		d, _, err := loaded(t, LFM2b100k(), &pipeline.Env{DataDir: data}, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		x := artifact.Interactions{User: []int32{0, 0, 1, 1, 2, 3, 4}, Item: []int32{0, 1, 0, 2, 1, 0, 2}}
		if !slices.Equal(d.Interactions.User, x.User) || !slices.Equal(d.Interactions.Item, x.Item) {
			t.Errorf("%s: pairs %+v, want %+v", name, d.Interactions, x)
		}
		if want := []string{"0", "1", "2", "3", "4"}; !slices.Equal(d.Users.ID, want) {
			t.Errorf("%s: users %v, want %v", name, d.Users.ID, want)
		}
		if ids, titles := []string{"0", "1", "3"}, []string{"Hans Zimmer - 503", "Rosalía - BAGDAD", "Joe Liggins - Pink Champagne"}; !slices.Equal(d.Items.ID, ids) || !slices.Equal(d.Items.Title, titles) {
			t.Errorf("%s: items %+v", name, d.Items)
		}
	}
}

func TestAttributesThatDoNotCountAreMissing(t *testing.T) {
	env := &pipeline.Env{DataDir: lfmFolder(t, t.TempDir())}
	nan := float32(math.NaN())
	gender, age := []string{"f", "m", "m", "", ""}, []float32{33, 10, 100, nan, nan}
	for _, c := range []struct {
		minCountry int
		country    []string
	}{
		{1, []string{"IT", "UK", "IT", "IT", "UK"}},
		{2, []string{"IT", "UK", "IT", "IT", "UK"}},
		{4, []string{"IT", "", "IT", "IT", ""}}, // user 5, who played nothing, is counted
		{5, []string{"", "", "", "", ""}},
	} {
		d, _, err := loaded(t, LFM2b100k(), env, &LFMParams{MinCountry: c.minCountry, Ages: "years"})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]*artifact.Attribute{}
		for i := range d.Users.Attributes {
			got[d.Users.Attributes[i].Name] = &d.Users.Attributes[i]
		}
		if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, []string{"age", "country", "gender"}) {
			t.Fatalf("attributes %v", names)
		}
		same := func(a, b float32) bool { return a == b || a != a && b != b }
		if !slices.Equal(got["gender"].Category, gender) || !slices.EqualFunc(got["age"].Number, age, same) || !slices.Equal(got["country"].Category, c.country) {
			t.Errorf("min_country %d: got %+v", c.minCountry, d.Users.Attributes)
		}
	}
}

// The published notebook can be read in two ways. Its codes rise above 18, 25, 35, 45 and 55 years,
// and its last step keeps codes above 0.
func TestTwoReadingsOfAges(t *testing.T) {
	const none = -1
	ages := []struct {
		file        string
		years, code int
	}{
		{"9", none, none}, {"10", 10, none}, {"18", 18, none}, {"19", 19, 1}, {"25", 25, 1}, {"26", 26, 2}, {"35", 35, 2}, {"36", 36, 3},
		{"45", 45, 3}, {"46", 46, 4}, {"55", 55, 4}, {"56", 56, 5}, {"100", 100, 5}, {"101", none, none}, {"999999", none, none},
		{"0", none, none}, {"-1", none, none}, {"-25", none, none}, {"", none, none},
	}
	env := &pipeline.Env{DataDir: lfmFolder(t, t.TempDir())}
	var users, plays strings.Builder
	for i, a := range ages {
		fmt.Fprintf(&users, "%d\tIT\t%s\tf\t2006-06-18 21:07:33\n", i, a.file)
		fmt.Fprintf(&plays, "%d\t0\t1\n", i)
	}
	for name, text := range map[string]string{"user_data.tsv": users.String(), "inter.tsv": plays.String()} {
		if err := os.WriteFile(filepath.Join(env.DataDir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, as := range []string{"years", "codes"} {
		d, _, err := loaded(t, LFM2b100k(), env, &LFMParams{MinCountry: 1, Ages: as})
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Users.Attribute("age")
		if err != nil || len(got.Number) != len(ages) {
			t.Fatalf("%+v, %v", got, err)
		}
		for i, a := range ages {
			want := float64(map[string]int{"years": a.years, "codes": a.code}[as])
			if want == none {
				want = math.NaN()
			}
			if v := float64(got.Number[i]); v != want && !(math.IsNaN(v) && math.IsNaN(want)) {
				t.Errorf("%s: the age %q is %g, want %g", as, a.file, v, want)
			}
		}
	}
}

func TestReadingsOfAgesThatDoNotExist(t *testing.T) {
	for _, with := range []string{"{ages: decades}", "{ages: code}", "{ages: 120}"} {
		v, err := spec.ParseValue("with", with)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := LFM2b100k().Decode(v); err == nil || !strings.Contains(err.Error(), "ages: ") {
			t.Errorf("%s: %v", with, err)
		}
	}
}

// People typed a comma where they had nothing to say.
func TestACommaIsNoCountry(t *testing.T) {
	env := &pipeline.Env{DataDir: lfmFolder(t, t.TempDir())}
	users := strings.ReplaceAll(lfmFiles["user_data.tsv"], "UK", ",")
	if err := os.WriteFile(filepath.Join(env.DataDir, "user_data.tsv"), []byte(users), 0o666); err != nil {
		t.Fatal(err)
	}
	d, _, err := loaded(t, LFM2b100k(), env, &LFMParams{MinCountry: 1, Ages: "years"})
	if err != nil {
		t.Fatal(err)
	}
	if country, err := d.Users.Attribute("country"); err != nil || country.Category[1] != "" || country.Category[0] != "IT" {
		t.Errorf("got %+v, %v", country, err)
	}
}

func TestMissingLFMSaysWhatIsNeeded(t *testing.T) {
	part := lfmFolder(t, t.TempDir())
	if err := os.Remove(filepath.Join(part, "tracks.tsv")); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for name, c := range map[string]struct{ data, want string }{
		"no folder given": {"", "LFM-2b-100k is not available: no data folder is given, and its authors no longer distribute it; if you have its files user_data.tsv, tracks.tsv, inter.tsv"},
		"nothing there":   {empty, "no LFM-2b-100k in " + empty + " (--data or FOIL_DATA), and its authors"},
		"no such folder":  {filepath.Join(empty, "x"), "the data folder (--data or FOIL_DATA) cannot be read"},
		"a missing file":  {part, "has neither tracks.tsv nor tracks.tsv.bz2"},
	} {
		if _, _, err := loaded(t, LFM2b100k(), &pipeline.Env{DataDir: c.data}, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, wants %s", name, err, c.want)
		}
	}
}

func TestWhereLFMLiesIsNotInTheDigest(t *testing.T) {
	inside := t.TempDir()
	lfmFolder(t, filepath.Join(inside, "lfm-2b-100k"))
	digests := map[digest.Digest]bool{}
	for _, data := range []string{lfmFolder(t, t.TempDir()), lfmFolder(t, t.TempDir()), inside} {
		s, err := LFM2b100k().Sources(t.Context(), &pipeline.Env{DataDir: data}, lfmParams.New())
		if err != nil || s[0].Name != "lfm-2b-100k" {
			t.Fatalf("%+v, %v", s, err)
		}
		digests[s[0].Digest] = true
	}
	if len(digests) != 1 {
		t.Errorf("%d digests of the same files in three places", len(digests))
	}
}

func TestLFMThatChangesIsNoticed(t *testing.T) {
	kind, env := LFM2b100k(), &pipeline.Env{DataDir: lfmFolder(t, t.TempDir())}
	sources, err := kind.Sources(t.Context(), env, kind.Params())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(env.DataDir, "inter.tsv"), []byte("0\t0\t1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	err = kind.Run(t.Context(), &pipeline.Cell{Env: env, Sources: sources, OutDir: t.TempDir()}, kind.Params())
	if err == nil || !strings.Contains(err.Error(), "changed during the run") {
		t.Error(err)
	}
}

// Output changed and Version not raised: raise it, and only then change the
// digest here.
func TestLFMIsPinned(t *testing.T) {
	kind, env := LFM2b100k(), &pipeline.Env{DataDir: lfmFolder(t, t.TempDir())}
	_, a, err := loaded(t, kind, env, &LFMParams{MinCountry: 4, Ages: "years"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(kind.Version, " ", a.Digest().Short()), "2 c6707889cd44"; got != want {
		t.Errorf("version and digest are %s, were %s", got, want)
	}
	_, b, err := loaded(t, kind, env, &LFMParams{MinCountry: 1, Ages: "years"})
	if err != nil || a.Digest() == b.Digest() {
		t.Errorf("another min_country has the same output (%v)", err)
	}
}
