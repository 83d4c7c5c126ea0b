package split

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"foil/internal/testenv"
)

// An indexList is written in full or, where it is long, as a digest.
type indexList struct {
	full    []int32
	Size    int
	First10 []int32
	SHA256  string `json:"sha256_of_int64_le"`
}

func (l *indexList) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, &l.full)
	}
	type plain indexList
	return json.Unmarshal(b, (*plain)(l))
}

func (l *indexList) check(t *testing.T, what string, got []int32) {
	t.Helper()
	if l.full != nil {
		if !slices.Equal(got, l.full) {
			t.Errorf("%s: got %v, want %v", what, got, l.full)
		}
		return
	}
	var raw []byte
	for _, v := range got {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	sum := sha256.Sum256(raw)
	if len(got) != l.Size || !slices.Equal(got[:10], l.First10) || hex.EncodeToString(sum[:]) != l.SHA256 {
		t.Errorf("%s: %d indices, first %v; want %d, first %v", what, len(got), got[:10], l.Size, l.First10)
	}
}

func TestFoldsAndHoldOutsAreScikitLearns(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(testenv.Fixtures(t), "advx", "splits", "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		KFold map[string]struct {
			TestFolds []indexList `json:"test_folds"`
		}
		HoldOut map[string]struct{ Input, Target indexList }
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	if len(c.KFold) == 0 || len(c.HoldOut) == 0 {
		t.Fatal("the case holds nothing")
	}
	for name, want := range c.KFold {
		n, err := strconv.Atoi(name)
		if err != nil {
			t.Fatal(err)
		}
		folds := make([][]int32, len(want.TestFolds))
		for i, f := range kFold(n, len(folds), 42) {
			folds[f] = append(folds[f], int32(i))
		}
		for f := range folds {
			want.TestFolds[f].check(t, "fold "+strconv.Itoa(f)+" of "+name, folds[f])
		}
	}
	for name, want := range c.HoldOut {
		n, err := strconv.Atoi(name)
		if err != nil {
			t.Fatal(err)
		}
		input, target := holdOut(n, 0.8, 42)
		want.Input.check(t, "input of "+name, input)
		want.Target.check(t, "target of "+name, target)
	}
}

// The first numbers of numpy.random.RandomState(5489), the reference seed.
func TestMT19937IsTheReference(t *testing.T) {
	g := newMT19937(5489)
	var got []uint32
	for range 3 {
		got = append(got, g.uint32())
	}
	if want := []uint32{3499211612, 581869302, 3890346734}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for range 9996 {
		g.uint32()
	}
	if v := g.uint32(); v != 4123659995 { // the C++ standard's 10000th
		t.Errorf("number 10000 is %d", v)
	}
}
