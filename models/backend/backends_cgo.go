//go:build cgo

package backend

import (
	_ "github.com/gomlx/compute-onnx"       // onnxruntime:cpu; needs ONNXRUNTIME_SHARED_LIBRARY_PATH
	_ "github.com/gomlx/go-xla/compute/xla" // xla:cpu, xla:cuda: installs its plugin by itself
)
