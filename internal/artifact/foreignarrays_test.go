package artifact

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzVectorTable reads vectors from any bytes: a damaged file is an error, never a panic.
func FuzzVectorTable(f *testing.F) {
	seeds, _ := filepath.Glob("testdata/foreign/vectors-*.arrow")
	if len(seeds) == 0 {
		f.Fatal("there are no seeds")
	}
	for _, name := range seeds {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := parseVectorTable(raw)
		if err == nil && len(v.Z) != len(v.User)*v.Width {
			t.Errorf("%d numbers for %d users with %d each", len(v.Z), len(v.User), v.Width)
		}
	})
}

// Lists as pandas, Polars and pyarrow write them hold the same vectors.
func TestVectorsOfOtherPrograms(t *testing.T) {
	for _, name := range []string{"pandas", "polars", "fixed", "large"} {
		v, err := ReadUserVectors("testdata/foreign/vectors-"+name+".arrow", 3)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := []float32{1, 2, 3, 4, 5, 6}
		for i, x := range want {
			if v.Z[i] != x || v.User[i/2] != int32(2-i/2) {
				t.Errorf("%s: got %v of %v", name, v.Z, v.User)
				break
			}
		}
	}
}
