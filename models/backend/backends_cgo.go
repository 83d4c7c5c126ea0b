//go:build cgo

package backend

import (
	_ "github.com/gomlx/compute-onnx"       // onnxruntime:cpu, where ONNXRUNTIME_SHARED_LIBRARY_PATH names its library
	_ "github.com/gomlx/go-xla/compute/xla" // xla:cpu, xla:cuda: installs its plugin by itself
)
