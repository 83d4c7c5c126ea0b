package backend

import "runtime"

// A Package is a numeric library that foil installs on request, with `foil backend install`. Its
// version and the digests of its files are fixed here, so that all machines with the same foil
// install the same bytes.
type Package struct {
	Name    string // the argument of foil backend install
	Title   string // for people
	Serves  string // the backend that needs it
	Version string
	Project string // on the Python Package Index, which many sites mirror

	Wheels map[string]Wheel // by GOOS/GOARCH
}

// A Wheel is a published archive of Python packages, from which foil takes the library alone.
type Wheel struct {
	File    string // its name
	SHA256  string
	Size    int64
	Library string   // the path of the library in the archive
	Also    []string // paths of licences
}

// Packages lists what foil can install.
var Packages = []Package{{
	Name:    "onnxruntime",
	Title:   "ONNX Runtime",
	Serves:  "onnxruntime:cpu",
	Version: "1.26.0", // the first with the interface that compute-onnx is written for
	Project: "onnxruntime",
	Wheels: map[string]Wheel{
		"linux/amd64": {
			File:    "onnxruntime-1.26.0-cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
			SHA256:  "9b6dd70599005bd1bf29779f04a91978b92b5e719c11a20068a8f8e535f725b6",
			Size:    18185439,
			Library: "onnxruntime/capi/libonnxruntime.so.1.26.0",
			Also:    onnxLicences,
		},
		"linux/arm64": {
			File:    "onnxruntime-1.26.0-cp312-cp312-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl",
			SHA256:  "91f2bb870a4b9224eba0a6728c1fa7a9e552b8e59e1083c51fbbc3d013f2b5c0",
			Size:    16052692,
			Library: "onnxruntime/capi/libonnxruntime.so.1.26.0",
			Also:    onnxLicences,
		},
		"darwin/arm64": {
			File:    "onnxruntime-1.26.0-cp312-cp312-macosx_14_0_arm64.whl",
			SHA256:  "05b028781b322ad74b57ce5b50aa5280bb1fe96ceec334628ade681e0b24c1ac",
			Size:    18016624,
			Library: "onnxruntime/capi/libonnxruntime.1.26.0.dylib",
			Also:    onnxLicences,
		},
		"windows/amd64": {
			File:    "onnxruntime-1.26.0-cp312-cp312-win_amd64.whl",
			SHA256:  "a26374dc7fbcaae593601086b242120e13f2310558df0991da6dd8b8fac00414",
			Size:    13026427,
			Library: "onnxruntime/capi/onnxruntime.dll",
			Also:    onnxLicences,
		},
		"windows/arm64": {
			File:    "onnxruntime-1.26.0-cp312-cp312-win_arm64.whl",
			SHA256:  "54a8053410fd31fd66469bd754fcfe8a4df9f7eb44756b4b5479bf50c842d948",
			Size:    12796647,
			Library: "onnxruntime/capi/onnxruntime.dll",
			Also:    onnxLicences,
		},
	},
}}

var onnxLicences = []string{"onnxruntime/LICENSE", "onnxruntime/ThirdPartyNotices.txt"}

// PackageNamed returns a package, or nil for an unknown name.
func PackageNamed(name string) *Package {
	for i, p := range Packages {
		if p.Name == name {
			return &Packages[i]
		}
	}
	return nil
}

// Wheel returns the archive for this machine, or nil if there is none.
func (p *Package) Wheel() *Wheel {
	w, ok := p.Wheels[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return nil
	}
	return &w
}
