//go:build !(linux && cgo)

package backend

// limitsONNXThreads reports whether limitONNXThreads works.
const limitsONNXThreads = false

// limitONNXThreads does nothing, because the linker cannot replace a function here. ONNX Runtime
// uses a thread for each core of the machine.
func limitONNXThreads(int) {}
