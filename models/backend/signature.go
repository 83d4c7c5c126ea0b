package backend

import (
	"math"
	"runtime"
	"runtime/debug"
	"strings"

	"foil/internal/numeric"
	"foil/models/kernels"
)

// Signature returns the numeric signature of work that this process does: with a backend on a
// number of threads, or, without a backend, in Go code alone. It loads and downloads nothing. A
// cell has to take it in its own process, because GODEBUG and the variables of GoMLX may differ
// from those of the process that started it.
func Signature(name string, threads int) (numeric.Signature, error) {
	s := numeric.Signature{Arch: runtime.GOARCH, Level: buildLevel(), Go: goRelease(runtime.Version()), FMA: fma()}
	if name == "" {
		return s, nil
	}
	family, err := familyOf(name)
	if err != nil {
		return s, err
	}
	s.Kernels = kernels.SIMD()
	if family == Default {
		s.Products = products()
		return s, nil
	}
	s.Engine, err = engineSignature(name, threads)
	return s, err
}

// goRelease is the release of a version of Go: go1.26 of go1.26.8. The library functions of package
// math and the code that the compiler makes change between releases.
func goRelease(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	minor, _, _ := strings.Cut(parts[1], " ")
	return parts[0] + "." + minor
}

// levels are the names of build settings that choose the instructions of an architecture.
var levels = map[string]string{
	"386": "GO386", "amd64": "GOAMD64", "arm": "GOARM", "arm64": "GOARM64", "ppc64": "GOPPC64",
	"ppc64le": "GOPPC64", "riscv64": "GORISCV64", "wasm": "GOWASM",
}

func buildLevel() string {
	name := levels[runtime.GOARCH]
	info, ok := debug.ReadBuildInfo()
	if !ok || name == "" {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == name && s.Value != "" {
			return name + "=" + s.Value
		}
	}
	return ""
}

// Arguments of fma, in variables, so that the compiler does not compute with them.
var (
	aboveOne, belowOne, minusOne = 1 + 0x1p-30, 1 - 0x1p-30, -1.0
	twelveSevenths               = 12.0 / 7
)

// fma tells by results what the code of this process does. The product of the first two numbers is
// 1-2^-60, which rounds to 1. And math.Exp, whose code on amd64 looks at the processor, rounds
// 12/7 to ...f5 with fused multiply-add, and to ...f4 without.
func fma() numeric.FMA {
	switch {
	case sumOfProduct(aboveOne, belowOne, minusOne) != 0:
		return numeric.FusedFMA
	case runtime.GOARCH == "amd64" && math.Float64bits(math.Exp(twelveSevenths)) == 0x401635f90da7dff5:
		return numeric.ExpFMA
	}
	return numeric.NoFMA
}

//go:noinline
func sumOfProduct(x, y, z float64) float64 { return x*y + z }
