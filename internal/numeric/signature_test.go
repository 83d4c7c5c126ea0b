package numeric

import (
	"encoding/json"
	"strings"
	"testing"
)

// sample is what a laptop with AVX-512 writes; change makes another machine of it.
func sample(change func(*Signature)) *Signature {
	s := &Signature{Arch: "amd64", Level: "GOAMD64=v1", Go: "go1.26", FMA: ExpFMA, Products: AVX512, Kernels: AVX2}
	if change != nil {
		change(s)
	}
	return s
}

func engine(build string, threads int) func(*Signature) {
	return func(s *Signature) {
		s.Products, s.Engine = "", &Engine{Build: build, CPU: "avx2", Threads: threads}
	}
}

func TestEveryFactCounts(t *testing.T) {
	if !Equal(sample(nil), sample(nil)) || !Equal(sample(engine("a", 1)), sample(engine("a", 1))) {
		t.Error("the same signature twice is not equal")
	}
	if Equal(nil, nil) || Equal(nil, sample(nil)) {
		t.Error("a signature that is not known is equal to something")
	}
	for name, change := range map[string]func(*Signature){
		"arch":     func(s *Signature) { s.Arch = "arm64" },
		"level":    func(s *Signature) { s.Level = "GOAMD64=v3" },
		"go":       func(s *Signature) { s.Go = "go1.27" },
		"fma":      func(s *Signature) { s.FMA = NoFMA },
		"products": func(s *Signature) { s.Products = AVX2 },
		"kernels":  func(s *Signature) { s.Kernels = NoSIMD },
		"engine":   engine("a", 1),
	} {
		if Equal(sample(nil), sample(change)) {
			t.Errorf("%s: does not count", name)
		}
	}
	if Equal(sample(engine("a", 1)), sample(engine("b", 1))) || Equal(sample(engine("a", 1)), sample(engine("a", 2))) {
		t.Error("the build of an engine or its threads do not count")
	}
}

func TestDifferencesNameOnlyWhatDiffers(t *testing.T) {
	for _, c := range []struct {
		a, b         *Signature
		wantA, wantB string
	}{
		{sample(nil), sample(func(s *Signature) { s.Products = AVX2 }), "AVX-512 in matrix products", "AVX2 in matrix products"},
		{sample(nil), sample(func(s *Signature) { s.Level, s.FMA = "GOAMD64=v3", FusedFMA }),
			"GOAMD64=v1, fused multiply-add in exp", "GOAMD64=v3, fused multiply-add everywhere"},
		{sample(engine("a", 1)), sample(engine("a", 4)), "1 thread", "4 threads"},
		{sample(func(s *Signature) { s.Kernels = NoSIMD }), nil,
			"amd64, GOAMD64=v1, go1.26, AVX-512 in matrix products, no SIMD in kernels, fused multiply-add in exp", "a processor that is not known"},
	} {
		if a, b := Differences(c.a, c.b); a != c.wantA || b != c.wantB {
			t.Errorf("got %q and %q, want %q and %q", a, b, c.wantA, c.wantB)
		}
	}
}

// Kinds that use no matrix products do not make another group, and neither do threads.
func TestGroups(t *testing.T) {
	avx2 := sample(func(s *Signature) { s.Products = AVX2 })
	plain := sample(func(s *Signature) { s.Products, s.Kernels = "", "" })
	for name, c := range map[string]struct {
		list []*Signature
		want string
	}{
		"one":     {[]*Signature{plain, sample(nil), sample(nil), plain}, ""},
		"two":     {[]*Signature{avx2, sample(nil), plain, sample(nil)}, "made on 2 kinds of processors or builds, so the last bits may differ: 3 cells with AVX-512 in matrix products; 1 cell with AVX2 in matrix products"},
		"unknown": {[]*Signature{nil, sample(nil), nil}, ""},
		"two and unknown": {[]*Signature{nil, sample(nil), avx2, sample(nil), sample(nil), nil},
			"made on 2 kinds of processors or builds, so the last bits may differ: 3 cells with AVX-512 in matrix products; 2 cells on a processor that is not known; 1 cell with AVX2 in matrix products"},
		"threads": {[]*Signature{sample(engine("a", 1)), sample(engine("a", 2))}, ""},
		"engines": {[]*Signature{sample(engine("a", 1)), sample(engine("b", 1)), plain}, "made on 2 kinds of processors or builds, so the last bits may differ: 2 cells with a; 1 cell with b"},
		"none":    {nil, ""},
	} {
		groups := Groups(c.list)
		n := 0
		for _, g := range groups {
			n += g.Cells
		}
		if got := Mixed(groups); got != c.want || n != len(c.list) {
			t.Errorf("%s: %d of %d cells, %q, want %q", name, n, len(c.list), got, c.want)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, s := range []*Signature{sample(nil), sample(engine("onnxruntime v1.26.0 (sha256 50775d390eb55e7a)", 2))} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var got Signature
		if err := json.Unmarshal(text, &got); err != nil || !Equal(&got, s) {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		`{}`, `[]`, `{"arch":"amd64","go":"go1.26"}`,
		`{"arch":"amd64\u001b[2J","go":"go1.26","fma":"none"}`,
		`{"arch":"amd64","go":"go1.26","fma":"none\n"}`,
		`{"arch":"amd64","go":"go1.26","fma":"none","engine":{"build":"\u202eevil"}}`,
		`{"arch":"amd64","go":"go1.26","fma":"none","engine":{"build":"` + strings.Repeat("x", maxText+1) + `"}}`,
	} {
		if err := json.Unmarshal([]byte(text), new(Signature)); err == nil {
			t.Errorf("%.60s is accepted", text)
		}
	}
}
