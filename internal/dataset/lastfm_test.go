package dataset

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

const (
	ann  = "00000c289a1829a808ac09c00daf10bc3c4e223b"
	bert = "ffff004d2ac9316e22dc007ab2243d6fcb239e70"
	carl = "7fff2d2ac9316e22dc007ab2243d6fcb239e7d00"
	u2   = "a3cb23fc-acd3-4ce0-8f36-1e5aa6a18432"
	elis = "eaaee2c2-0851-43a2-84c8-0198135bc3a8"
)

// tab writes a line: the spaces around | are not part of it.
func tab(lines ...string) string {
	return strings.ReplaceAll(strings.Join(lines, "\n")+"\n", " | ", "\t")
}

// readLastFM reads plays and profiles.
func readLastFM(plays, profiles string) (*LastFM, error) {
	m := NewLastFM()
	err := m.Read(LastFMPlaysFile, iotest.HalfReader(strings.NewReader(plays)))
	if err == nil && profiles != "" {
		err = m.Read(LastFMProfilesFile, strings.NewReader(profiles))
	}
	return m, err
}

// names writes pairs as "user artist" with the names of users and the ids of artists.
func (p *LastFMPairs) names() (list []string) {
	who := map[string]string{ann: "ann", bert: "bert", carl: "carl"}
	for i, u := range p.User {
		list = append(list, who[p.Users[u].ID]+" "+p.Artists[p.Artist[i]].ID)
	}
	return list
}

func TestLinesOfPlaysBecomePairs(t *testing.T) {
	for _, c := range []struct {
		name  string
		plays string
		least uint32
		want  []string
	}{
		{"sorted by user, then artist", tab(bert+" | "+u2+" | u2 | 3", ann+" | "+u2+" | u2 | 3", bert+" | "+elis+" | elis | 9", ann+" |  | x | 1"),
			1, []string{"ann " + u2, "ann name:x", "bert " + u2, "bert " + elis}},
		{"few plays", tab(ann+" | "+u2+" | u2 | 4", ann+" | "+elis+" | elis | 5", ann+" |  | x | 0"), 5, []string{"ann " + elis}},
		{"no plays", tab(ann+" | "+u2+" | u2 | 0", ann+" | "+elis+" | elis | 1"), 1, []string{"ann " + elis}},
		{"a line twice counts once", tab(ann+" | "+u2+" | u2 | 4", ann+" | "+elis+" | elis | 9", ann+" | "+u2+" | u2 | 4"), 5, []string{"ann " + elis}},
		{"two spellings add up", tab(ann+" | "+u2+" | u2 | 4", ann+" | "+u2+" | U 2 | 3"), 7, []string{"ann " + u2}},
		{"a user in two places", tab(ann+" | "+u2+" | u2 | 4", bert+" | "+u2+" | u2 | 9", ann+" | "+u2+" | u2 | 3"), 7, []string{"ann " + u2, "bert " + u2}},
		{"many plays", tab(ann+" | "+u2+" | u2 | 4294967295", ann+" | "+u2+" | U2 | 4294967294"), 4294967295, []string{"ann " + u2}},
		{"the digits of ids in capitals", tab(strings.ToUpper(ann)+" | "+strings.ToUpper(u2)+" | u2 | 4", ann+" | "+u2+" | u2 | 3"), 7, []string{"ann " + u2}},
		{"an artist by name where the MBID is missing or none", tab(ann+" |  | u2 | 4", ann+" | - | u2 | 3", ann+" | "+u2+"0 | u2 | 2"), 9, []string{"ann name:u2"}},
		{"names with tabs", tab(ann+" |  | a | b | 4", bert+" | "+u2+" | u | 2 | 5"), 1, []string{"ann name:a\tb", "bert " + u2}},
		{"quotes are characters", tab(ann+` |  | "weird al | 4`, ann+` |  | "weird al" | 4`, bert+" |  | ' | 1"), 1, []string{`ann name:"weird al`, `ann name:"weird al"`, "bert name:'"}},
		{"not UTF-8", tab(ann+" |  | bj\xf6rk | 4", ann+" |  | bj\xf6\xf6rk | 4", bert+" |  | bj\xe5rk | 4"), 1, []string{"ann name:bj\uFFFDrk", "bert name:bj\uFFFDrk"}},
		{"lines of no user and no artist", tab(ann+" | "+u2+" | u2 | 4", "sep 20, 2008 | "+u2+" | turbostaat | 12", ann+" |  |   | 7", ann[1:]+" |  | x | 1"), 1, []string{"ann " + u2}},
		{"line ends", ann + "\t\tx\t4\r\n" + bert + "\t\tx\t4", 1, []string{"ann name:x", "bert name:x"}},
		{"a byte order mark, and empty lines at the end", byteOrderMark + ann + "\t\tx\t4\n\n\r\n", 1, []string{"ann name:x"}},
	} {
		m, err := readLastFM(c.plays, "")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := m.Pairs(math.MaxInt, c.least).names(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPairsOfTheFirstUsers(t *testing.T) {
	plays := tab(bert+" |  | x | 1", ann+" |  | x | 1", carl+" |  | y | 1", ann+" |  | y | 1")
	for users, want := range map[int][]string{1: {"ann name:x", "ann name:y"}, 2: {"ann name:x", "ann name:y", "carl name:y"}, 3: {"ann name:x", "ann name:y", "carl name:y", "bert name:x"}, 4: {"ann name:x", "ann name:y", "carl name:y", "bert name:x"}} {
		m, err := readLastFM(plays, "")
		if err != nil {
			t.Fatal(err)
		}
		if p := m.Pairs(users, 1); !reflect.DeepEqual(p.names(), want) || len(p.Users) != min(users, 3) {
			t.Errorf("%d users: %q of %d, want %q", users, p.names(), len(p.Users), want)
		}
	}
}

func TestUnusableLinesAreCounted(t *testing.T) {
	m, err := readLastFM(tab(ann+" | "+u2+" | u2 | 4", "sep 20, 2008 | "+u2+" | turbostaat | 12", ann+" |  |  | 7", " | "+u2+" | u2 | 1"),
		tab(ann+" | f | 22 | Germany | Feb 1, 2007", "x | m | 3 | Italy | Feb 1, 2007"))
	if want := (Unusable{Users: 3, Artists: 1, First: LastFMPlaysFile + ":2"}); err != nil || m.Unusable != want || m.Lines != 4 {
		t.Errorf("%+v of %d lines, %v; want %+v", m.Unusable, m.Lines, err, want)
	}
}

func TestProfilesOfLastFM(t *testing.T) {
	plays := tab(ann+" |  | x | 1", bert+" |  | x | 1", carl+" |  | x | 1")
	profiles := tab(
		bert+" | m | -1337 | Côte D'Ivoire | Sep 1, 2006",
		ann+" |  |  |  | ",
		"0000000000000000000000000000000000000000 | f | 20 | Italy | Sep 1, 2006", // played nothing
		bert+" | m | -1337 | Côte D'Ivoire | Sep 2, 2006",
	)
	want := []LastFMUser{{ann, "", NoAge, ""}, {carl, "", NoAge, ""}, {bert, "m", NoAge, "Côte D'Ivoire"}}
	m, err := readLastFM(plays, profiles)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Pairs(math.MaxInt, 1).Users; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for age, want := range map[string]int32{"0": 0, "22": 22, "1002": 1002, "": NoAge, "-1": NoAge} {
		m, err := readLastFM(plays, tab(ann+" | f | "+age+" | Brazil | Feb 1, 2007"))
		if err != nil {
			t.Errorf("age %q: %v", age, err)
			continue
		}
		if got := m.Pairs(math.MaxInt, 1).Users[0]; got != (LastFMUser{ann, "f", want, "Brazil"}) {
			t.Errorf("age %q: %+v", age, got)
		}
	}
}

func TestBadLastFMIsNamed(t *testing.T) {
	good, profile := tab(ann+" | "+u2+" | u2 | 4"), tab(ann+" | f | 22 | Germany | Feb 1, 2007")
	for _, c := range []struct{ name, plays, profiles, want string }{
		{"a broken last line", good + ann + "\t" + elis + "\tel", profile,
			LastFMPlaysFile + ":2: 3 fields in "},
		{"it tells that the file ends there", good + ann, profile, "; the file ends in this line: get a complete copy"},
		{"no number at the end", good + ann + "\t" + elis + "\telis\t", profile, LastFMPlaysFile + `:2: plays is ""; a number from 0 to 4294967295 is needed; the file ends in this line`},
		{"two fields", tab(ann+" | 5") + good, profile, LastFMPlaysFile + ":1: 2 fields in "},
		{"a word in place of plays", good + tab(ann+" |  | x | many"), profile, LastFMPlaysFile + `:2: plays is "many"; a number from 0 to`},
		{"negative plays", good + tab(ann+" |  | x | -4"), profile, LastFMPlaysFile + `:2: plays is "-4"`},
		{"too many plays", good + tab(ann+" |  | x | 4294967296"), profile, LastFMPlaysFile + `:2: plays is "4294967296"`},
		{"an empty line", good + "\n\n" + good, profile, LastFMPlaysFile + ":2: the line is empty; it must have: user, MusicBrainz id, artist, plays between tabs"},
		{"no lines", "", profile, LastFMPlaysFile + " is empty"},
		{"empty lines", "\n\n", profile, LastFMPlaysFile + ":2: no line has the SHA-1 of a user and an artist"},
		{"another file", "1\t2\t3\t4\n", profile, LastFMPlaysFile + ":1: no line has the SHA-1 of a user and an artist: is it the published file?"},
		{"UTF-16", "\xff\xfea\x00", profile, LastFMPlaysFile + ":1: the file is UTF-16 text"},
		{"a long line", good + strings.Repeat("x", longestLine+1), profile, LastFMPlaysFile + ":2: the line has more than 65536 bytes"},
		{"a profile of four fields", good, tab(ann + " | f | 22 | Germany"), LastFMProfilesFile + ":1: 4 fields in "},
		{"a profile that is cut", good, profile + bert + "\tm\t3", LastFMProfilesFile + ":2: 3 fields in "},
		{"a gender", good, tab(ann + " | female | 22 | Germany | Feb 1, 2007"), LastFMProfilesFile + `:1: gender is "female"; m, f, n or nothing is needed`},
		{"an age", good, tab(ann + " | f | 22.5 | Germany | Feb 1, 2007"), LastFMProfilesFile + `:1: age is "22.5"; a whole number is needed, or nothing`},
		{"two profiles of a user", good, profile + tab(ann+" | f | 23 | Germany | Feb 1, 2007"), LastFMProfilesFile + ":2: user " + ann + " stands already on line 1, with another profile"},
		{"other profiles", good, tab("x | f | 23 | Germany | Feb 1, 2007"), LastFMProfilesFile + ":1: no line begins with the SHA-1 of a user"},
	} {
		if _, err := readLastFM(c.plays, c.profiles); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, wants %s", c.name, err, c.want)
		}
	}
}

// Empty profiles are an error as well: readLastFM leaves them out.
func TestEmptyProfiles(t *testing.T) {
	if err := NewLastFM().Read(LastFMProfilesFile, strings.NewReader("")); err == nil || err.Error() != LastFMProfilesFile+" is empty" {
		t.Error(err)
	}
}

func TestStreamTarGz(t *testing.T) {
	raw := Raw{"a": []byte("content of a"), "b": []byte("content of b"), "other": []byte("x")}
	members := []Member{{"a", 100}, {"b", 100}}
	whole := tarred(t, raw, "folder/")
	refused := errors.New("refused")
	for _, c := range []struct {
		name    string
		archive []byte
		use     func(string, io.Reader) error
		members []Member
		want    string // of the error
	}{
		{"all of it", whole, nil, members, ""},
		{"a member that is not read", whole, func(string, io.Reader) error { return nil }, members, ""},
		{"a refusal", whole, func(string, io.Reader) error { return refused }, members, "refused"},
		{"cut off", whole[:len(whole)-9], nil, members, "not a complete tar.gz file"},
		{"cut off, and the reader's error is hidden", whole[:60], func(_ string, r io.Reader) error {
			io.Copy(io.Discard, r)
			return refused
		}, members, "not a complete tar.gz file"},
		{"a member is missing", whole, nil, []Member{{"a", 100}, {"c", 100}}, "the archive has no c (a, c are needed)"},
		{"a member is too large", whole, nil, []Member{{"a", 11}}, "it has more than 11 bytes"},
	} {
		path := filepath.Join(t.TempDir(), "x.tar.gz")
		if err := os.WriteFile(path, c.archive, 0o666); err != nil {
			t.Fatal(err)
		}
		got, read := Raw{}, 0
		use := c.use
		if use == nil {
			use = func(name string, r io.Reader) (err error) {
				got[name], err = io.ReadAll(r)
				return err
			}
		}
		err := StreamTarGz(path, func(r io.Reader) io.Reader { return io.TeeReader(r, counter{&read}) }, use, c.members...)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error is %v, wants %s", c.name, err, c.want)
			}
			continue
		}
		if err != nil || read != len(whole) {
			t.Errorf("%s: %v; read %d of %d bytes", c.name, err, read, len(whole))
		}
		if c.use == nil && (string(got["a"]) != "content of a" || string(got["b"]) != "content of b" || len(got) != 2) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

type counter struct{ n *int }

func (c counter) Write(p []byte) (int, error) { *c.n += len(p); return len(p), nil }

func FuzzLastFM(f *testing.F) {
	f.Add(tab(ann+" | "+u2+" | u2 | 4", bert+" |  | a | b | 0"), tab(ann+" | f | 22 | Germany | Feb 1, 2007"))
	f.Add(tab(ann+" |  | \xff | 4", "sep 20, 2008 |  | x | 1")+ann, tab(ann+" |  | -1337 |  | "))
	f.Fuzz(func(t *testing.T, plays, profiles string) {
		m, err := readLastFM(plays, profiles)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "usersha1-") {
				t.Fatalf("an error without its file: %v", err)
			}
			return
		}
		p := m.Pairs(math.MaxInt, 1)
		last, ids := int64(-1), map[string]bool{}
		for i, u := range p.User {
			pair := int64(u)<<32 | int64(p.Artist[i])
			if pair <= last || int(u) >= len(p.Users) || int(p.Artist[i]) >= len(p.Artists) {
				t.Fatalf("pair %d is (%d, %d)", i, u, p.Artist[i])
			}
			last = pair
		}
		for _, a := range p.Artists {
			if ids[a.ID] || a.ID != strings.ToValidUTF8(a.ID, "") {
				t.Fatalf("artist %q", a.ID)
			}
			ids[a.ID] = true
		}
	})
}

// Memory for the lines is a few bytes each, and the content of names is kept once.
func TestMemoryForLastFMIsBounded(t *testing.T) {
	const users, each = 2_000, 50
	var plays strings.Builder
	for u := range users {
		for a := range each {
			fmt.Fprintf(&plays, "%040x\t\t%s %d\t%d\n", u, strings.Repeat("a long name ", 100), a, a+1)
		}
	}
	text := plays.String()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readLastFM(text, ""); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used, most := after.TotalAlloc-before.TotalAlloc, uint64(users*each*40); used > most {
		t.Errorf("allocated %d bytes for %d lines, %d bytes; at most %d are expected", used, users*each, len(text), most)
	}
}
