package backend

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/numeric"
	"foil/models/kernels"
)

// signatureOnly has this test binary print its signature and the digest of some results.
const signatureOnly = "FOIL_TEST_SIGNATURE"

func TestMain(m *testing.M) {
	if os.Getenv(signatureOnly) == "" {
		os.Exit(m.Run())
	}
	s, err := Signature(Default, 1)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(s)
	}
	if err == nil {
		err = printResults()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// printResults computes with what a signature describes: matrix products of several sizes, the
// kernels, math.Exp, and a product with a sum.
func printResults() error {
	h := sha256.New()
	r := rand.New(rand.NewPCG(1, 2))
	numbers := func(n int) []float32 {
		list := make([]float32, n)
		for i := range list {
			list[i] = float32(r.NormFloat64())
		}
		return list
	}
	b, err := Open(Default, 1)
	if err != nil {
		return err
	}
	exec, err := Compile(b, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.MatMul(in[0], in[1]), graph.Einsum("ij,kj->ik", in[0], in[2])}
	})
	if err != nil {
		return err
	}
	for _, n := range []int{20, 150} {
		x, y, z := numbers(n*n), numbers(n*n), numbers(n*n)
		out, err := Run(exec, tensors.FromFlatDataAndDimensions(x, n, n), tensors.FromFlatDataAndDimensions(y, n, n), tensors.FromFlatDataAndDimensions(z, n, n))
		if err != nil {
			return err
		}
		for _, o := range out {
			if err := Read(o, func(flat []float32) { binary.Write(h, binary.LittleEndian, flat) }); err != nil {
				return err
			}
		}
	}
	row := numbers(1000)
	kernels.SoftmaxGradient(row, []int32{1, 2}, 1)
	binary.Write(h, binary.LittleEndian, row)
	for range 1000 {
		x, y, z := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		binary.Write(h, binary.LittleEndian, []float64{math.Exp(x), sumOfProduct(x, y, z)})
	}
	fmt.Printf("%x\n", h.Sum(nil))
	return nil
}

// TestSignatureTellsWhatResultsTell turns features of the processor off: the results of two
// processes are the same where their signatures are, and only there.
func TestSignatureTellsWhatResultsTell(t *testing.T) {
	results := map[string]string{} // by signature
	var signatures []string
	for _, env := range []string{
		"GODEBUG=", "GODEBUG=cpu.avx512f=off", "GODEBUG=cpu.avx512f=off,cpu.avx2=off", "GODEBUG=cpu.avx512f=off,cpu.avx2=off,cpu.fma=off",
		"GODEBUG=cpu.fma=off", "GODEBUG=cpu.aes=off", "GOMLX_SIMD_AVX512=0", "GOMLX_SIMD_AVX2=0", "GODEBUG=cpu.avx=off,cpu.avx2=off,cpu.avx512f=off",
	} {
		self := exec.Command(os.Args[0])
		self.Env = append(os.Environ(), signatureOnly+"=1", env)
		out, err := self.Output()
		signature, result, ok := strings.Cut(strings.TrimSpace(string(out)), "\n")
		if err != nil || !ok {
			t.Fatalf("%s: %v: %s", env, err, out)
		}
		t.Logf("%-50s %s %.8s", env, signature, result)
		if known, ok := results[signature]; ok && known != result {
			t.Errorf("%s gives other results with the same signature %s", env, signature)
		}
		for other, known := range results {
			if known == result && other != signature {
				t.Errorf("%s gives the same results with the signatures %s and %s", env, signature, other)
			}
		}
		results[signature] = result
		signatures = append(signatures, signature)
	}
	var here numeric.Signature
	if err := json.Unmarshal([]byte(signatures[0]), &here); err != nil {
		t.Fatal(err)
	}
	if here.Products == numeric.AVX512 && here.FMA == numeric.ExpFMA && len(results) < 4 {
		t.Errorf("on a processor with AVX-512 there are %d signatures, want at least 4", len(results))
	}
}

func TestSignatureOfGoCodeAlone(t *testing.T) {
	all, err := Signature(Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := Signature("", 1)
	if err != nil {
		t.Fatal(err)
	}
	if alone.Products != "" || alone.Kernels != "" || alone.Arch != all.Arch || alone.FMA != all.FMA || all.Products == "" || all.Kernels == "" {
		t.Errorf("Go code alone: %+v, with the Go backend: %+v", alone, all)
	}
	if more, err := Signature(Default, 4); err != nil || !numeric.Equal(&more, &all) {
		t.Errorf("with 4 threads, which change no result of the Go backend: %+v, %v", more, err)
	}
	if _, err := Signature("gpu", 1); err == nil {
		t.Error("an unknown backend has a signature")
	}
}

func TestReleaseOfGo(t *testing.T) {
	for version, want := range map[string]string{"go1.26": "go1.26", "go1.26.8": "go1.26", "go1.26.8-X:simd": "go1.26", "go1.27rc1": "go1.27rc1", "devel go1.27-abc": "devel go1.27-abc"} {
		if got := goRelease(version); got != want {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
}

func TestGPUsAreThoseOfTheDriver(t *testing.T) {
	dir := t.TempDir()
	if got := gpus(dir); got != "" {
		t.Errorf("without a driver: %q", got)
	}
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("gpus/0000:00:1e.0/information", "Model: \t\t NVIDIA A100\nIRQ: 1\n")
	write("gpus/0000:00:1f.0/information", "Model: \t\t NVIDIA A100\nIRQ: 2\n")
	write("version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC version:  12.2.0\n")
	if got, want := gpus(dir), "NVIDIA A100 with driver 550.54.15"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	write("gpus/0000:00:20.0/information", "Model: NVIDIA H200\n")
	if got, want := gpus(dir), "NVIDIA A100 and NVIDIA H200 with driver 550.54.15"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
