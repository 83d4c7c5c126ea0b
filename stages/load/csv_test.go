package load

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/pipeline"
)

// inFiles writes files beside a spec.
func inFiles(t testing.TB, files map[string]string) *pipeline.Env {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return &pipeline.Env{Files: os.DirFS(dir)}
}

// loadedCSV runs the kind on files, and returns its notes, too. with changes the parameters.
func loadedCSV(t testing.TB, files map[string]string, with func(p *CSVParams)) (*artifact.Dataset, string, error) {
	t.Helper()
	env := inFiles(t, files)
	p := csvParams.New()
	p.File = "a.csv"
	with(p)
	csvParams.SettleAll(p)
	var notes []string
	cell := &pipeline.Cell{OutDir: t.TempDir(), OnNote: func(s string) { notes = append(notes, s) }}
	sources, err := CSV().Sources(t.Context(), env, p)
	if err != nil {
		return nil, "", err
	}
	cell.Sources = sources
	if err := CSV().Run(t.Context(), cell, p); err != nil {
		if left, _ := os.ReadDir(cell.OutDir); len(left) != 0 {
			t.Errorf("half-written: %v", left)
		}
		return nil, "", err
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := artifact.ReadDataset(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	return d, strings.Join(notes, "\n"), nil
}

const ownRatings = `user,item,rating,timestamp,weight
10,b,4,978300760,2
2,b,3.5,978300761,1
10,a,5,978300762,1
10,b,1,978300770,3
`

func TestOwnTablesAreLoaded(t *testing.T) {
	all := func(p *CSVParams) {
		p.Rating, p.Timestamp, p.Weight = "rating", "timestamp", "weight"
		p.Users.File, p.Users.Missing, p.Users.Categories = "u.csv", []string{"NA"}, []string{"job"}
		p.Items.File = "i.csv"
	}
	d, notes, err := loadedCSV(t, map[string]string{
		"a.csv": ownRatings,
		"u.csv": "user\tgender\tage\tzip\tjob\n10\tf\t31\t02139\t4\n3\tm\t1\t1\t1\n2\tNA\t\t10115\t7\n",
		"i.csv": "item,title\na,\"A, the first\"\n",
	}, all)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(978300760 * 1e6)
	for i := range d.Users.Attributes { // NaN is not equal to itself
		if n := d.Users.Attributes[i].Number; n != nil && n[0] != n[0] {
			n[0] = -1
		}
	}
	want := &artifact.Dataset{
		Interactions: artifact.Interactions{
			User: []int32{0, 1, 1}, Item: []int32{1, 0, 1}, Rating: []float64{3.5, 5, 1},
			Time: []int64{at + 1e6, at + 2e6, at + 10e6}, Weight: []float64{1, 1, 5},
		},
		Users: artifact.Users{ID: []string{"2", "10"}, Attributes: []artifact.Attribute{
			{Name: "gender", Category: []string{"", "f"}}, {Name: "age", Number: []float32{-1, 31}},
			{Name: "zip", Category: []string{"10115", "02139"}}, {Name: "job", Category: []string{"7", "4"}},
		}},
		Items: artifact.Items{ID: []string{"a", "b"}, Title: []string{"A, the first", ""}},
	}
	if !reflect.DeepEqual(d, want) {
		t.Errorf("got %+v\nwant %+v", d, want)
	}
	for _, told := range []string{
		"a.csv: 1 of 4 rows repeat a user and an item; the last row of each pair counts",
		`the times in "timestamp" were read as seconds since 1970: 2000-12-31 22:12:40 to 2000-12-31 22:12:50`,
		"u.csv has 1 users without an interaction", "gender (1 categories), age (numbers, 31 to 31), zip (2 categories), job (2 categories)",
		"i.csv has no row for 1 of 2 items",
	} {
		if !strings.Contains(notes, told) {
			t.Errorf("the notes do not tell %q:\n%s", told, notes)
		}
	}
	first, _, err := loadedCSV(t, map[string]string{"a.csv": ownRatings}, func(p *CSVParams) { p.Rating, p.Repeats = "rating", "first" })
	if err != nil || !reflect.DeepEqual(first.Interactions.Rating, []float64{3.5, 5, 4}) {
		t.Errorf("the first rows: %+v %v", first, err)
	}
}

// The order of the lines does not matter, unless it decides between repeated pairs.
func TestTheOrderOfLinesDoesNotMatter(t *testing.T) {
	var want *artifact.Dataset
	lines := strings.SplitAfter(strings.TrimSpace(ownRatings)+"\n", "\n")[1:5]
	for range len(lines) {
		lines = append(lines[1:], lines[0])
		d, _, err := loadedCSV(t, map[string]string{"a.csv": "user,item,rating,timestamp,weight\n" + strings.Join(lines, "")},
			func(p *CSVParams) { p.Rating, p.Timestamp, p.Weight = "rating", "timestamp", "weight" })
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = d
		}
		if !reflect.DeepEqual(d, want) {
			t.Errorf("got %+v, want %+v", d, want)
		}
	}
}

func TestBadDataIsAnErrorWithItsPlace(t *testing.T) {
	users := func(p *CSVParams) { p.Users.File = "u.csv" }
	for _, c := range []struct {
		name, a, u string
		with       func(p *CSVParams)
		want       string
	}{
		{"no file", "", "", func(p *CSVParams) { p.File = "b.csv" }, "there is no b.csv beside the spec, and no data folder is given"},
		{"no rows", "user,item\n", "", nil, "a.csv has no interactions"},
		{"another name", "user_id,item\n1,2\n", "", nil, `a.csv has no column "user" (parameter user); it has "user_id", "item"`},
		{"no such rating", "user,item,stars\n1,2,3\n", "", func(p *CSVParams) { p.Rating = "rating" }, `no column "rating" (parameter rating)`},
		{"a missing user", "user,item\n1,2\n,3\n", "", nil, "a.csv, line 3, column 1 (user): the value is missing"},
		{"a rating of text", "user,item,rating\n1,2,3\n1,3,good\n", "", func(p *CSVParams) { p.Rating = "rating" }, `a.csv, line 3, column 3 (rating): "good" is not a number`},
		{"a negative weight", "user,item,w\n1,2,3\n1,3,-1\n", "", func(p *CSVParams) { p.Weight = "w" }, "line 3, column 3 (w): the weight -1 is negative"},
		{"a date", "user,item,t\n1,2,2020-13-01\n", "", func(p *CSVParams) { p.Timestamp = "t" }, `line 2, column 3 (t): "2020-13-01" is not a time`},
		{"repeats", "user,item\n1,2\n3,3\n1,2\n", "", func(p *CSVParams) { p.Repeats = "error" }, "line 2, column 1 and line 4, column 1 are the same user and item"},
		{"a user twice", "user,item\n1,2\n", "user,g\n1,f\n1,m\n", users, `u.csv, line 3, column 1 (user): the id "1" is in line 2, column 1 already`},
		{"other users", "user,item\n1,2\n", "user,g\nu1,f\n", users, `u.csv has none of the users of a.csv, such as "1"; its column "user" holds ids such as "u1"`},
		{"an attribute called part", "user,item\n1,2\n", "user,part\n1,f\n", users, `an attribute cannot be called "part"`},
		{"an attribute of nothing", "user,item\n1,2\n", "user,g\n1,\n", users, `the attribute "g" is missing for all users`},
		{"a code of many digits", "user,item\n1,2\n", "user,g\n1,123456789\n", users, "123456789 has too many digits for a number (float32); if the column holds codes, name it in users.categories"},
	} {
		if c.with == nil {
			c.with = func(*CSVParams) {}
		}
		_, _, err := loadedCSV(t, map[string]string{"a.csv": c.a, "u.csv": c.u}, c.with)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestFilesAreFoundBesideTheSpecThenInTheDataFolder(t *testing.T) {
	env := inFiles(t, map[string]string{"a.csv": "user,item\n1,2\n"})
	data := t.TempDir()
	env.DataDir = data
	if err := os.WriteFile(filepath.Join(data, "b.csv"), []byte("user,item\n1,2\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for file, where := range map[string]string{"a.csv": "", "b.csv": data} {
		p := csvParams.New()
		p.File = file
		sources, err := CSV().Sources(t.Context(), env, p)
		if err != nil || !filepath.IsAbs(sources[0].Path) || where != "" && filepath.Dir(sources[0].Path) != where {
			t.Errorf("%s: %+v %v", file, sources, err)
		}
	}
	p := csvParams.New()
	p.File = "c.csv"
	if _, err := CSV().Sources(t.Context(), env, p); err == nil || !strings.Contains(err.Error(), "neither beside the spec nor in the data folder") {
		t.Error(err)
	}
}

// A file that changes between planning and running is not used.
func TestAChangedFileIsNotLoaded(t *testing.T) {
	env := inFiles(t, map[string]string{"a.csv": "user,item\n1,2\n"})
	p := csvParams.New()
	p.File = "a.csv"
	sources, err := CSV().Sources(t.Context(), env, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(sources[0].Path, []byte("user,item\n1,3\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	err = CSV().Run(t.Context(), &pipeline.Cell{OutDir: t.TempDir(), Sources: sources}, p)
	if err == nil || !strings.Contains(err.Error(), "changed during the run") {
		t.Error(err)
	}
}

func TestOutputOfCSVIsPinned(t *testing.T) {
	env := inFiles(t, map[string]string{"a.csv": ownRatings})
	p := csvParams.New()
	p.File, p.Rating, p.Timestamp, p.Weight = "a.csv", "rating", "timestamp", "weight"
	csvParams.SettleAll(p)
	_, a, err := loaded(t, CSV(), env, p)
	if err != nil {
		t.Fatal(err)
	}
	const want = "9d09149484fc"
	if got := a.Digest().String()[:12]; got != want {
		t.Errorf("the digest is %s, not %s: raise the version of the kind", got, want)
	}
}

// A million lines, from the file to Arrow tables with all digests. The target is 0.5 s.
func BenchmarkMillionLinesOfCSV(b *testing.B) {
	var s strings.Builder
	s.WriteString("user,item,rating,timestamp\n")
	for i := range 1_000_000 {
		fmt.Fprintf(&s, "%d,%d,%d,%d\n", i/166, (i*7919)%3706, i%5+1, 978300760+i)
	}
	env := inFiles(b, map[string]string{"a.csv": s.String()})
	p := csvParams.New()
	p.File, p.Rating, p.Timestamp = "a.csv", "rating", "timestamp"
	csvParams.SettleAll(p)
	for b.Loop() {
		sources, err := CSV().Sources(b.Context(), env, p)
		if err == nil {
			err = CSV().Run(b.Context(), &pipeline.Cell{OutDir: b.TempDir(), Sources: sources}, p)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
