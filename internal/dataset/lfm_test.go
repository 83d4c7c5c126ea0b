package dataset

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// tinyLFM holds lines out of order, CR LF line ends, quotes and missing values.
func tinyLFM() Raw {
	return Raw{
		LFMUsersFile: []byte("1\tUK\t25\tm\t2005-06-15 22:02:11\r\n" +
			"0\tIT\t33\tf\t2006-06-18 21:07:33\r\n" +
			"2\t\t\tn\t2005-09-30 22:38:33\n" +
			"3\t,\t-1\t\t"),
		LFMTracksFile: []byte("Hans Zimmer\t503\nRosalía\tBAGDAD - Cap.7: Liturgia\n\"\"\"Weird Al\"\" Yankovic\"\tEat It\n"),
		LFMPlaysFile:  []byte("1\t2\t7\n0\t1\t3\r\n1\t0\t2\n0\t0\t9999999999\n3\t2\t1"),
	}
}

func TestLFMIsReadInOrder(t *testing.T) {
	got, err := ParseLFM(tinyLFM())
	if err != nil {
		t.Fatal(err)
	}
	want := &LFM{
		Users: []LFMUser{
			{ID: 0, Country: "IT", Age: 33, Gender: "f"}, {ID: 1, Country: "UK", Age: 25, Gender: "m"},
			{ID: 2, Age: NoAge}, {ID: 3, Country: ",", Age: NoAge},
		},
		Tracks: []Track{{"Hans Zimmer", "503"}, {"Rosalía", "BAGDAD - Cap.7: Liturgia"}, {`"Weird Al" Yankovic`, "Eat It"}},
		User:   []int32{0, 0, 1, 1, 3},
		Track:  []int32{0, 1, 0, 2, 2},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// The published ids are 0, 1, 2, ...; those of the larger LFM-2b, of which other
// samples are taken, have gaps.
func TestUserIDsMayHaveGaps(t *testing.T) {
	raw := tinyLFM()
	raw[LFMUsersFile] = []byte("120321\tIT\t33\tf\t\n17\tUK\t25\tm\t\n")
	raw[LFMPlaysFile] = []byte("120321\t1\t1\n17\t2\t1\n120321\t0\t1\n")
	m, err := ParseLFM(raw)
	if err != nil {
		t.Fatal(err)
	}
	if m.Users[0].ID != 17 || m.Users[1].ID != 120321 || !slices.Equal(m.User, []int32{0, 1, 1}) || !slices.Equal(m.Track, []int32{2, 0, 1}) {
		t.Errorf("got %+v", m)
	}
}

func TestArtistsGendersMayStandBehindTheTracks(t *testing.T) {
	raw := tinyLFM()
	raw[LFMTracksFile] = []byte("Hans Zimmer\t503\tm\nRosalía\tBAGDAD\tf\nTom Tykwer\tX\t\n")
	m, err := ParseLFM(raw)
	if err != nil || !reflect.DeepEqual(m.Tracks, []Track{{"Hans Zimmer", "503"}, {"Rosalía", "BAGDAD"}, {"Tom Tykwer", "X"}}) {
		t.Errorf("got %+v, %v", m, err)
	}
	raw[LFMTracksFile] = append(raw[LFMTracksFile], "Joe Liggins\tPink Champagne\n"...)
	if _, err := ParseLFM(raw); err == nil || !strings.HasPrefix(err.Error(), "tracks.tsv:4: 2 fields in") || !strings.HasSuffix(err.Error(), "as on line 1") {
		t.Error(err)
	}
}

func TestBadLFMLinesAreNamed(t *testing.T) {
	for _, c := range []struct{ file, line, want string }{
		{LFMPlaysFile, "1\t1", `2 fields in "1\t1"; 3 are needed: userID, itemID, play count between tabs`},
		{LFMPlaysFile, "1\t1\t1\t1", `4 fields in`},
		{LFMPlaysFile, "1 1 1", `1 fields in "1 1 1"`},
		{LFMPlaysFile, "\n1\t1\t1", `1 fields in ""`},
		{LFMPlaysFile, "userID\titemID\tcount", `user is "userID"; a number from 0 to 999999 is needed`},
		{LFMPlaysFile, "-1\t1\t1", `user is "-1"`},
		{LFMPlaysFile, "\t1\t1", `user is ""`},
		{LFMPlaysFile, "1000000\t1\t1", `user is 1000000; a number from 0 to 999999 is needed`},
		{LFMPlaysFile, "1\t1e1\t1", `item is "1e1"`},
		{LFMPlaysFile, "1\t99999999999999999999\t1", `item is "99999999999999999999"`},
		{LFMPlaysFile, "1\t1\t0", `play count is 0; a number from 1 to 9999999999 is needed`},
		{LFMPlaysFile, "1\t1\t2.0", `play count is "2.0"`},
		{LFMPlaysFile, "1\t1\t", `play count is ""`},
		{LFMPlaysFile, "1\t1\t99999999999", `play count is "99999999999"`},
		{LFMPlaysFile, "9\t1\t1", `user 9 is not in user_data.tsv`},
		{LFMPlaysFile, "1\t3\t1", `item 3 is not in tracks.tsv, whose 3 lines are the items 0 to 2`},
		{LFMPlaysFile, "0\t1\t5", `user 0 and item 1 stand already on line 2; each pair is needed once`},
		{LFMUsersFile, "4\tIT\t33\tf", `4 fields in`},
		{LFMUsersFile, "x\tIT\t33\tf\t", `user is "x"`},
		{LFMUsersFile, "4\tIT\t33.5\tf\t", `age is "33.5"; a whole number is needed, or nothing`},
		{LFMUsersFile, "4\tIT\tf\t33\t", `age is "f"`},
		{LFMUsersFile, "4\tIT\t33\tfemale\t", `gender is "female"; m, f, n or nothing is needed`},
		{LFMUsersFile, "4\tI\xffT\t33\tf\t", `country is "I\xffT", which is not UTF-8`},
		{LFMUsersFile, "2\tIT\t33\tf\t", `user 2 stands already on line 3`},
		{LFMTracksFile, "Joe Liggins", `1 fields in`},
		{LFMTracksFile, "Joe Liggins\tPink\tChampagne", `3 fields in`},
		{LFMTracksFile, "Joe\xff\tPink", `artist is "Joe\xff", which is not UTF-8`},
	} {
		raw := tinyLFM()
		old := strings.TrimRight(string(raw[c.file]), "\r\n")
		raw[c.file] = []byte(old + "\n" + c.line + "\n")
		at := fmt.Sprintf("%s:%d: ", c.file, strings.Count(old, "\n")+2)
		if _, err := ParseLFM(raw); err == nil || !strings.HasPrefix(err.Error(), at) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: error is %v, wants %s%s", c.file, c.line, err, at, c.want)
		}
	}
}

func TestEmptyLFMFilesAreNamed(t *testing.T) {
	for _, m := range LFMFiles() {
		for _, content := range []string{"", "\n\n", "\r\n", byteOrderMark} {
			raw := tinyLFM()
			raw[m.Name] = []byte(content)
			if _, err := ParseLFM(raw); err == nil || err.Error() != m.Name+" is empty" {
				t.Errorf("%s as %q: %v", m.Name, content, err)
			}
		}
	}
}

func TestPairsAreSortedWhateverTheirOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []struct{ users, tracks int }{{1, 1}, {3, 50}, {50, 3}, {40, 40}} {
		var want [][2]int32
		for u := range size.users {
			for i := range size.tracks {
				if r.IntN(2) == 0 {
					want = append(want, [2]int32{int32(u), int32(i)})
				}
			}
		}
		var user, track []int32
		for _, k := range r.Perm(len(want)) {
			user, track = append(user, want[k][0]), append(track, want[k][1])
		}
		byUser, byTrack := sortPairs(user, track, size.users, size.tracks)
		for k, w := range want {
			if byUser[k] != w[0] || byTrack[k] != w[1] {
				t.Fatalf("%d users, %d tracks: pair %d is (%d, %d), not %v", size.users, size.tracks, k, byUser[k], byTrack[k], w)
			}
		}
	}
}

func FuzzParseLFM(f *testing.F) {
	raw := tinyLFM()
	f.Add(raw[LFMUsersFile], raw[LFMTracksFile], raw[LFMPlaysFile])
	f.Add([]byte("0\t\t\t\t"), []byte("\xff\t"), []byte("0\t0\t1\n0\t0\t1"))
	f.Add([]byte("5\t\t9\tm\t"), []byte("\t\t\n\"\"\t\"\t"), []byte("5\t1\t1\r\n5\t0\t1\r"))
	f.Fuzz(func(t *testing.T, users, tracks, plays []byte) {
		m, err := ParseLFM(Raw{LFMUsersFile: users, LFMTracksFile: tracks, LFMPlaysFile: plays})
		if err != nil {
			return
		}
		if n := len(m.User); n == 0 || n != len(m.Track) {
			t.Fatalf("%d users and %d tracks in pairs", n, len(m.Track))
		}
		before := int64(-1)
		for i, u := range m.User {
			pair := int64(u)<<32 | int64(m.Track[i])
			if int(u) >= len(m.Users) || int(m.Track[i]) >= len(m.Tracks) || pair <= before {
				t.Fatalf("pair %d is (%d, %d)", i, u, m.Track[i])
			}
			before = pair
		}
	})
}
